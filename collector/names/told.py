"""What is said of a trap's names where the trap is explained."""

from collector.domain.trap import Trap
from collector.names.book import NameBook


def names_told(trap: Trap, book: NameBook) -> dict[str, object]:
    """The trap's own name and, by OID, those of its variables, as far as they are known. The numbers stay where they are."""
    named = {oid: book.variable(oid) for oid, _, _ in trap.varbinds}
    return {"trap_name": book.trap(trap.trap_oid), "names": {oid: one.text for oid, one in named.items() if one is not None}}
