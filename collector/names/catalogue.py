"""The names that come with the collector: of the products that it knows, of the standard, and of the agents beside them. They are
facts from the MIB modules: OIDs, symbols, labels; no texts."""

from functools import cache
from importlib.resources import files

from collector.names.book import NameBook
from collector.names.file import parse
from collector.names.model import Module

FOLDER = "catalogue"


def catalogue() -> dict[str, Module]:
    """All modules by name, read anew. No module stands in two files."""
    modules: dict[str, Module] = {}
    for file in files("collector.names").joinpath(FOLDER).iterdir():
        if file.name.endswith(".json"):
            modules |= parse(file.read_bytes())
    return modules


@cache
def catalogue_book() -> NameBook:
    """Without anything loaded."""
    return NameBook(catalogue().values())
