"""The schema. Rows only: what they mean is in collector.domain, how they are asked for in the repositories beside this file.

Hot tables (notifications, ledger, seen) carry no foreign keys: the pipeline writes them in bulk from values it just read.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from collector.store.types import UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

NEVER = "253402300799999999"
"""The last microsecond of the year 9999, for times that order a list: what has none stands at its end on both databases."""

_BigId = BigInteger().with_variant(Integer, "sqlite")


def _big_id() -> Any:
    """SQLite numbers rows by itself only in a column of type INTEGER."""
    return Field(default=None, sa_column=Column(_BigId, primary_key=True, autoincrement=True))


def _time(**options: Any) -> Any:
    return Field(default=None, sa_column=Column(UtcTime, **options))


def _text(**options: Any) -> Any:
    return Field(sa_column=Column(Text, **options))


class MetaRow(SQLModel, table=True):
    """Facts about the store itself, e.g. `registry_version`."""

    __tablename__: ClassVar[Any] = "meta"
    key: str = _text(primary_key=True)
    value: str = _text(nullable=False)


class CustomerRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "customers"
    id: int | None = Field(default=None, primary_key=True)
    code: str = _text(nullable=False, unique=True)
    name: str = _text(nullable=False)
    language: str = _text(nullable=False)


class SourceRow(SQLModel, table=True):
    """`products` is a JSON list. `snmp` is the JSON of a `SnmpAccess` with its secrets sealed (`sealed_access`), null without
    SNMP."""

    __tablename__: ClassVar[Any] = "sources"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", nullable=False)
    name: str = _text(nullable=False)
    products: str = _text(nullable=False)
    mailbox: str | None = _text(nullable=True, unique=True)
    snmp: str | None = _text(nullable=True)
    retired: bool = Field(default=False, nullable=False)


class ApiKeyRow(SQLModel, table=True):
    """`key_hash` is SHA-256 of a 256 bit random key; `scopes` a space-separated list; `customer_id` null means all customers.
    `destination` is the ticketing backend that the key speaks for."""

    __tablename__: ClassVar[Any] = "api_keys"
    id: int | None = Field(default=None, primary_key=True)
    name: str = _text(nullable=False, unique=True)
    key_hash: str = _text(nullable=False, unique=True)
    scopes: str = _text(nullable=False)
    customer_id: int | None = Field(default=None, foreign_key="customers.id")
    destination: str = Field(sa_column=Column(Text, nullable=False, server_default="pull"))
    created_at: datetime = _time(nullable=False)
    expires_at: datetime | None = _time(nullable=True)
    revoked_at: datetime | None = _time(nullable=True)


class StreamRow(SQLModel, table=True):
    """How far a journal stream has been processed. `tallies` counts the tally records up to `position`, so that
    position - tallies is the number of items that have an outcome. A `retired` stream was given up: it counts, and is never taken
    up again."""

    __tablename__: ClassVar[Any] = "streams"
    id: int | None = Field(default=None, primary_key=True)
    name: str = _text(nullable=False, unique=True)
    lane: str = _text(nullable=False)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    tallies: int = Field(sa_column=Column(BigInteger, nullable=False))
    retired: bool = Field(default=False, nullable=False)


class NotificationRow(SQLModel, table=True):
    """One notification. `row` is 0 where the item holds one. `fields` is a JSON object of the fields that rules extracted;
    everything else is decoded again from the journal when somebody looks. `text` is its first 200 characters."""

    __tablename__: ClassVar[Any] = "notifications"
    __table_args__ = (
        UniqueConstraint("stream_id", "seq", "row"),
        # Most notifications belong to a case: leaving them out keeps this index small and a trap's insert cheap.
        Index(
            "ix_notifications_state_id",
            "state",
            "id",
            sqlite_where=text("state <> 'case'"),
            postgresql_where=text("state <> 'case'"),
        ),
        Index(
            "ix_notifications_case_id_id",
            "case_id",
            "id",
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
    )
    id: int | None = _big_id()
    stream_id: int = Field(sa_column=Column(SmallInteger, nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    row: int = Field(nullable=False)
    received_at: datetime = _time(nullable=False)
    transport: str = _text(nullable=False)
    peer: str = _text(nullable=False)
    customer_id: int | None = None
    source_id: int | None = None
    product: str = _text(nullable=False)
    state: str = _text(nullable=False)
    reason: str = _text(nullable=False)
    trust: int = Field(sa_column=Column(SmallInteger, nullable=False))
    kind: str = _text(nullable=False)
    trap_oid: str = _text(nullable=False)
    subject: str = _text(nullable=False)
    text: str = _text(nullable=False)
    fields: str = _text(nullable=False)
    rule: str = _text(nullable=False)
    rule_version: str = _text(nullable=False)
    verdict: str = _text(nullable=False)
    case_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    detail: str = _text(nullable=False)


class CaseRow(SQLModel, table=True):
    """`due_at` is NEVER where nothing is owed."""

    __tablename__: ClassVar[Any] = "cases"
    __table_args__ = (
        Index(
            "uq_cases_open_key",
            "customer_id",
            "correlation_key",
            unique=True,
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        Index("ix_cases_customer_id_correlation_key", "customer_id", "correlation_key"),
        Index("ix_cases_status_id", "status", "id"),
        Index(
            "ix_cases_rank_due_at_id",
            "rank",
            "due_at",
            "id",
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        Index(
            "ix_cases_note_due_at",
            "note_due_at",
            sqlite_where=text("note_due_at IS NOT NULL"),
            postgresql_where=text("note_due_at IS NOT NULL"),
        ),
    )
    id: int | None = _big_id()
    external_key: str = _text(nullable=False, unique=True)
    customer_id: int = Field(foreign_key="customers.id", nullable=False)
    correlation_key: str = _text(nullable=False)
    kind: str = _text(nullable=False)
    severity: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    urgency: str = _text(nullable=False)
    contained: bool = Field(nullable=False)
    rank: int = Field(sa_column=Column(SmallInteger, nullable=False))
    status: str = _text(nullable=False)
    status_by: str = _text(nullable=False)
    level: int = Field(sa_column=Column(SmallInteger, nullable=False))
    trust: int = Field(sa_column=Column(SmallInteger, nullable=False))
    needs_triage: bool = Field(nullable=False)
    review_for_severity_1: bool = Field(nullable=False)
    title_es: str = _text(nullable=False)
    title_en: str = _text(nullable=False)
    summary_es: str = _text(nullable=False)
    summary_en: str = _text(nullable=False)
    steps_es: str = _text(nullable=False)
    steps_en: str = _text(nullable=False)
    product: str = _text(nullable=False)
    pack: str = _text(nullable=False)
    rule: str = _text(nullable=False)
    rule_version: str = _text(nullable=False)
    source_id: int | None = Field(default=None, foreign_key="sources.id")
    channel: str = _text(nullable=False)
    host: str | None = _text(nullable=True)
    source_severity: str | None = _text(nullable=True)
    fields: str = _text(nullable=False)
    matched: str = _text(nullable=False)
    opened_at: datetime = _time(nullable=False)
    last_seen_at: datetime = _time(nullable=False)
    occurrences: int = Field(sa_column=Column(BigInteger, nullable=False))
    cleared_at: datetime | None = _time(nullable=True)
    acknowledged_at: datetime | None = _time(nullable=True)
    acknowledged_by: str | None = _text(nullable=True)
    resolved_at: datetime | None = _time(nullable=True)
    closed_at: datetime | None = _time(nullable=True)
    close_reason: str | None = _text(nullable=True)
    quiet_close_seconds: int | None = None
    previous_case: str | None = _text(nullable=True)
    merged_into: str | None = _text(nullable=True)
    search_text: str = _text(nullable=False)
    pended_at: datetime | None = _time(nullable=True)
    assignee: str | None = _text(nullable=True)
    confirmed_at: datetime | None = _time(nullable=True)
    contacted_at: datetime | None = _time(nullable=True)
    responded_at: datetime | None = _time(nullable=True)
    due_at: datetime = _time(nullable=False, server_default=NEVER)
    handed_seq: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    note_due_at: datetime | None = _time(nullable=True)
    noted_occurrences: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class DeadlineRow(SQLModel, table=True):
    """One promised time on a case. `pauses` is a JSON list of [start, end or null] in microseconds. `told` is the last verdict
    that time gave. `next_at` is when time alone changes its state, null when nothing will."""

    __tablename__: ClassVar[Any] = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_case_id", "case_id"),
        Index(
            "ix_deadlines_name_state",
            "name",
            "state",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_deadlines_next_at",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
    )
    id: int | None = _big_id()
    case_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = _text(nullable=False)
    severity: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    target_seconds: int = Field(sa_column=Column(Integer, nullable=False))
    since_at: datetime = _time(nullable=False)
    start_at: datetime = _time(nullable=False)
    risk_at: datetime = _time(nullable=False)
    due_at: datetime = _time(nullable=False)
    provisional: bool = Field(nullable=False)
    calendar: str = _text(nullable=False)
    state: str = _text(nullable=False)
    pauses: str = _text(nullable=False)
    ended_at: datetime | None = _time(nullable=True)
    ended_by: str | None = _text(nullable=True)
    told: str | None = _text(nullable=True)
    next_at: datetime | None = _time(nullable=True)


class MessageRow(SQLModel, table=True):
    """What ticketing is told: written once with the change of the case, never altered. `position` has no gaps and is in the order
    of commit, because every writer takes it while it alone may write. `body` is the JSON that readers get."""

    __tablename__: ClassVar[Any] = "messages"
    __table_args__ = (UniqueConstraint("case_id", "seq"), Index("ix_messages_at", "at"))
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    message_id: str = _text(nullable=False, unique=True)
    case_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    customer_id: int = Field(nullable=False)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    type: str = _text(nullable=False)
    severity: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    rank: int = Field(sa_column=Column(SmallInteger, nullable=False))
    at: datetime = _time(nullable=False)
    body: str = _text(nullable=False)


class TicketRow(SQLModel, table=True):
    """The record that a destination has of a case, in the destination's own words."""

    __tablename__: ClassVar[Any] = "tickets"
    case_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    destination: str = _text(primary_key=True)
    number: str = _text(nullable=False)
    url: str | None = _text(nullable=True)
    ticket_id: str | None = _text(nullable=True)
    set_at: datetime = _time(nullable=False)
    set_by: str = _text(nullable=False)


class TicketEntryRow(SQLModel, table=True):
    """What a destination said happened to its ticket, kept whether it changed the case or not. `applied` names the facts of which
    it had the newest word (`status`, `assignee`, `note`, `ticket`), separated by spaces; `reason` is one word for what became of
    it and, behind a blank, why it changed nothing."""

    __tablename__: ClassVar[Any] = "ticket_entries"
    __table_args__ = (UniqueConstraint("destination", "entry_id"), Index("ix_ticket_entries_case_id_id", "case_id", "id"))
    id: int | None = _big_id()
    destination: str = _text(nullable=False)
    entry_id: str = _text(nullable=False)
    case_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = _time(nullable=False)
    received_at: datetime = _time(nullable=False)
    received_from: str = _text(nullable=False)
    applied: str = _text(nullable=False)
    reason: str = _text(nullable=False)
    body: str = _text(nullable=False)


class UserRow(SQLModel, table=True):
    """A person who signs in on the page. `role` is `engineer` or `viewer`; `password_hash` is argon2id."""

    __tablename__: ClassVar[Any] = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str = _text(nullable=False, unique=True)
    full_name: str = _text(nullable=False)
    role: str = _text(nullable=False)
    language: str = _text(nullable=False)
    password_hash: str = _text(nullable=False)
    created_at: datetime = _time(nullable=False)
    disabled_at: datetime | None = _time(nullable=True)


class SessionRow(SQLModel, table=True):
    """Somebody signed in. `token_hash` is SHA-256 of the cookie's 256 random bits."""

    __tablename__: ClassVar[Any] = "sessions"
    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)
    token_hash: str = _text(primary_key=True)
    user_id: int = Field(foreign_key="users.id", nullable=False)
    form_token: str = _text(nullable=False)
    created_at: datetime = _time(nullable=False)
    expires_at: datetime = _time(nullable=False)


class CaseLogRow(SQLModel, table=True):
    """Append-only. `notification` names the (first) notification behind the entry, `number` says how many it stands for."""

    __tablename__: ClassVar[Any] = "case_log"
    __table_args__ = (Index("ix_case_log_case_id_id", "case_id", "id"),)
    id: int | None = _big_id()
    case_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = _time(nullable=False)
    verdict: str = _text(nullable=False)
    actor: str = _text(nullable=False)
    number: int = Field(nullable=False)
    notification: str | None = _text(nullable=True)
    text: str | None = _text(nullable=True)
    detail: str = _text(nullable=False)


class OriginalRow(SQLModel, table=True):
    """Raw bytes of a case's first five and last five notifications whose journal segments are gone; they live as long as the
    case. `sealed`: they hold a community and are sealed as it is."""

    __tablename__: ClassVar[Any] = "originals"
    case_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    notification: str = Field(sa_column=Column(Text, primary_key=True, index=True))
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    received_at: datetime = _time(nullable=False)
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=false()))


class SeenRow(SQLModel, table=True):
    """What has been seen and must not count twice until `expires_at`: 16 octets of a hash (informs: peer and bytes; mails:
    Message-ID, recipient, body). What begins with the mark of a copy (`pipeline.copies`) does not expire by itself."""

    __tablename__: ClassVar[Any] = "seen"
    __table_args__ = (Index("ix_seen_expires_at", "expires_at"),)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    expires_at: datetime = _time(nullable=False)


class EngineRow(SQLModel, table=True):
    """A v3 engine that speaks for a source's user: `engine_id` in hex, `state` `seen` or `approved`. `boots` and `engine_time`
    are the highest that were authenticated, `time_at` when that message arrived (RFC 3414 section 2.3), `time_steady` the same in
    microseconds of the clock that nobody sets; `boots` is -1 where nothing was authenticated. Which message ids were used up to
    `forgotten_to` (seconds of those boots) is not known any more: what says so old a time is refused. `lowest_boots` and
    `lowest_time` are the lowest that came: older ones were never used.
    `earlier_...` is the same of the boots before, by which what arrived before `earlier_until` is judged; boots -1: none."""

    __tablename__: ClassVar[Any] = "snmp_engines"
    __table_args__ = (UniqueConstraint("source_id", "engine_id"),)
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="sources.id", nullable=False)
    engine_id: str = _text(nullable=False)
    state: str = _text(nullable=False)
    peer: str = _text(nullable=False)
    first_seen_at: datetime = _time(nullable=False)
    last_seen_at: datetime = _time(nullable=False)
    messages: int = Field(sa_column=Column(BigInteger, nullable=False))
    boots: int = Field(sa_column=Column(BigInteger, nullable=False))
    engine_time: int = Field(sa_column=Column(BigInteger, nullable=False))
    time_at: datetime = _time(nullable=False)
    time_steady: int = Field(sa_column=Column(BigInteger, nullable=False))
    forgotten_to: int = Field(sa_column=Column(BigInteger, nullable=False))
    lowest_boots: int = Field(sa_column=Column(BigInteger, nullable=False))
    lowest_time: int = Field(sa_column=Column(BigInteger, nullable=False))
    earlier_boots: int = Field(sa_column=Column(BigInteger, nullable=False))
    earlier_time: int = Field(sa_column=Column(BigInteger, nullable=False))
    earlier_at: datetime = _time(nullable=False)
    earlier_steady: int = Field(sa_column=Column(BigInteger, nullable=False))
    earlier_forgotten_to: int = Field(sa_column=Column(BigInteger, nullable=False))
    earlier_until: datetime = _time(nullable=False)
    approved_by: str | None = _text(nullable=True)
    approved_at: datetime | None = _time(nullable=True)


class ForgottenEngineRow(SQLModel, table=True):
    """A v3 engine that a person forgot, as it was then, with who did it: `approved_by` is null when it still waited. The newest
    ones of each source."""

    __tablename__: ClassVar[Any] = "snmp_engines_forgotten"
    __table_args__ = (Index("ix_snmp_engines_forgotten_source_id_id", "source_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="sources.id", nullable=False)
    engine_id: str = _text(nullable=False)
    peer: str = _text(nullable=False)
    messages: int = Field(sa_column=Column(BigInteger, nullable=False))
    approved_by: str | None = _text(nullable=True)
    approved_at: datetime | None = _time(nullable=True)
    forgotten_by: str = _text(nullable=False)
    forgotten_at: datetime = _time(nullable=False)


class EngineSecondRow(SQLModel, table=True):
    """The message ids that an engine used in one second of its time: what comes again is a replay. `ids` holds ranges, each as
    two unsigned numbers of four octets, big-endian, first and last."""

    __tablename__: ClassVar[Any] = "snmp_engine_seconds"
    engine: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    boots: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    engine_time: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    ids: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerRow(SQLModel, table=True):
    """How many items of a day (UTC, yyyymmdd) ended in which outcome. `customer_id` and `source_id` are 0 for strangers."""

    __tablename__: ClassVar[Any] = "ledger"
    day: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    customer_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    source_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    transport: str = _text(primary_key=True)
    outcome: str = _text(primary_key=True)
    reason: str = _text(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
