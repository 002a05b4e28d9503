"""The collector: traps, informs and alert e-mails in, cases out. Layers: docs/architecture.md."""

__version__ = "0.1.0"
