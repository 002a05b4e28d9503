"""One module per group of commands. Each has `add(subparsers)`, which declares its commands, and functions `(args) -> exit code`.

A module imports what it needs to run inside those functions, so that `--help` and small commands stay quick.
"""
