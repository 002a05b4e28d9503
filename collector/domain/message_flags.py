"""The flags of a v3 message, the first octet of its msgFlags (RFC 3412 section 6.4): how it says that it is protected, and
whether it may be answered with a Report."""

from collector.domain.snmp_access import SecurityLevel

AUTHENTICATED = 1
REPORTABLE = 4
LEVEL_BITS = 3
"""`AUTHENTICATED`, and 2 for encrypted, which is no level by itself."""
LEVELS = {0: SecurityLevel.NO_AUTH_NO_PRIV, 1: SecurityLevel.AUTH_NO_PRIV, 3: SecurityLevel.AUTH_PRIV}
FLAGS = {level: flags for flags, level in LEVELS.items()}
