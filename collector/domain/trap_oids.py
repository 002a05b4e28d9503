"""The two spellings of one trap's name."""


def other_spelling(trap_oid: str) -> str:
    """`<enterprise>.<n>` for `<enterprise>.0.<n>` and the other way round; empty for what is too short to be a trap's name.

    A v1 trap always becomes `<enterprise>.0.<n>` (RFC 3584 section 3.1). A notification that its MIB names without the 0 comes in
    the other spelling in v2c, and with the 0 when it was sent, or relayed, as v1: both are the same notification.
    """
    enterprise, _, specific = trap_oid.rpartition(".")
    if "." not in enterprise:
        return ""
    return f"{enterprise[:-2]}.{specific}" if enterprise.endswith(".0") else f"{enterprise}.0.{specific}"
