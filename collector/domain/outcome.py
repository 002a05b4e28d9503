"""What becomes of an item: the closed list, and the reasons beside it."""

from enum import StrEnum


class Outcome(StrEnum):
    """One primary outcome per journal item; the ledger counts these and always adds up to what arrived."""

    CASE = "case"
    INFORMATIONAL = "informational"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"
    UNATTRIBUTED = "unattributed"
    UNDECODABLE = "undecodable"
    UNAUTHENTICATED = "unauthenticated"
    NOT_A_NOTIFICATION = "not_a_notification"
    LOOP = "loop"
    OVER_LIMIT = "over_limit"
    REFUSED = "refused"
    PENDING = "pending"


QUARANTINE = frozenset({Outcome.UNMATCHED, Outcome.UNATTRIBUTED, Outcome.UNDECODABLE, Outcome.UNAUTHENTICATED})
"""What can be listed as quarantine."""
REPROCESSED = QUARANTINE | {Outcome.OVER_LIMIT}
"""What people may have processed again: what was above a customer's rate then as if it had come within it."""


class Reason(StrEnum):
    """Why an outcome is what it is, where the outcome alone does not say."""

    NONE = ""
    # unattributed
    UNKNOWN_COMMUNITY = "unknown_community"
    PEER_NOT_IN_NETWORKS = "peer_not_in_networks"
    LISTENER_NOT_ALLOWED = "listener_not_allowed"
    VERSION_NOT_ALLOWED = "version_not_allowed"
    AMBIGUOUS_SOURCE = "ambiguous_source"
    UNKNOWN_MAILBOX = "unknown_mailbox"
    # unauthenticated
    UNKNOWN_ENGINE = "unknown_engine"
    UNKNOWN_USER = "unknown_user"
    LEVEL_TOO_LOW = "level_too_low"
    WRONG_DIGEST = "wrong_digest"
    DECRYPTION_ERROR = "decryption_error"
    NOT_IN_TIME_WINDOW = "not_in_time_window"
    REPLAYED = "replayed"
    # undecodable
    TRUNCATED = "truncated"
    NOT_BER = "not_ber"
    BAD_LENGTH = "bad_length"
    INDEFINITE_LENGTH = "indefinite_length"
    BAD_VERSION = "bad_version"
    BAD_COMMUNITY = "bad_community"
    BAD_PDU = "bad_pdu"
    BAD_VARBIND = "bad_varbind"
    BAD_OID = "bad_oid"
    TOO_LARGE = "too_large"
    DECODER_FAILED = "decoder_failed"
    DECODER_TIMEOUT = "decoder_timeout"
    NO_TEXT = "no_text"
    ENCRYPTED = "encrypted"
    OPAQUE_SIGNATURE = "opaque_signature"
    # not a notification
    NOT_A_TRAP_PDU = "not_a_trap_pdu"
    ENGINE_DISCOVERY = "engine_discovery"
    TIME_SYNCHRONISATION = "time_synchronisation"
    # unmatched
    NO_KIND = "no_kind"
    NO_TRAP_OID = "no_trap_oid"
    NO_RULE = "no_rule"
    MISSING_KEY_FIELD = "missing_key_field"
    RULE_FAILED = "rule_failed"
    # informational
    CLEAR_WITHOUT_CASE = "clear_without_case"
    CLEAR_LESS_TRUSTED = "clear_less_trusted"
    CLEAR_OTHER_SOURCE = "clear_other_source"
    CLEAR_OUT_OF_DATE = "clear_out_of_date"
    CLEAR_REPEATED = "clear_repeated"
    CLEARED_SINCE = "cleared_since"
    BY_RULE = "by_rule"
    # over limit
    CUSTOMER_RATE = "customer_rate"
    # duplicate
    REPEATED_INFORM = "repeated_inform"
    REPEATED_MAIL = "repeated_mail"
    # loop
    OWN_MESSAGE = "own_message"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
