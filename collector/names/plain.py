"""How symbols of different modules are compared."""

from keyword import iskeyword

_PREFIX = "_pysmi_"


def plain(symbol: str) -> str:
    """pysmi makes names for Python of the symbols that definitions refer to: `-` becomes `_`, and a word of the language gets a
    prefix. This makes the same of a symbol and of what pysmi made of it."""
    bare = symbol.removeprefix(_PREFIX)
    return (bare if iskeyword(bare) else symbol).replace("-", "_")
