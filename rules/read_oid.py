"""What an OID in a pack must look like."""

import re

from rules.nodes import Node

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,9})){1,127}")


def check_oid(text: str, node: Node) -> str:
    """`text`; an error is noted when it is not an OID in dotted form without a leading dot."""
    if text and not _OID.fullmatch(text):
        node.error(f"not an OID in dotted form without a leading dot: {text}")
    return text
