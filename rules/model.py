"""What a rule pack says, as plain values: read by the loader, compiled by the engine, listed by the tools. No behaviour."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from collector.domain.signal import CaseKind, Urgency, Words


class TransportKind(StrEnum):
    """The two ways a notification comes; also the keys of a kind and the wire forms of a test."""

    SNMP = "snmp"
    MAIL = "mail"


BUILT_IN = {
    TransportKind.SNMP: frozenset({"source", "notification", "trap_oid", "specific_low", "windows_source", "windows_id"}),
    TransportKind.MAIL: frozenset({"source", "notification", "subject", "text"}),
}
"""Fields that every notification of the transport has without asking."""


WORKING = "_"
"""A field whose name begins so is working material: other fields and detections read it, nobody is shown it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field and how its value is found. Exactly one way is set; `reads` are the fields that it is made from."""

    name: str
    line: int
    how: str
    reads: tuple[str, ...] = ()
    oids: tuple[str, ...] = ()
    enum: dict[str, str] = field(default_factory=dict)
    as_date: bool = False
    labels: tuple[str, ...] = ()
    between: tuple[str, str] = ("", "")
    skip: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    otherwise: str | None = None
    constant: str = ""


@dataclass(frozen=True, slots=True)
class SnmpSide:
    """How a kind is recognised in traps and where its fields stand."""

    oids: tuple[str, ...]
    under: tuple[str, ...]
    windows: tuple[tuple[str, int], ...]
    fields: tuple[FieldSpec, ...]
    line: int


@dataclass(frozen=True, slots=True)
class MailSide:
    """How a kind is recognised in mails and where its fields stand. `anchors`: one list is enough, all its phrases must be there.
    `rows`: each repetition of the labels is a notification; `row_needs`: a row without any of these fields is not one."""

    anchors: tuple[tuple[str, ...], ...]
    rows: bool
    row_needs: tuple[str, ...]
    end_labels: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    line: int


@dataclass(frozen=True, slots=True)
class KindSpec:
    name: str
    line: int
    snmp: SnmpSide | None
    mail: MailSide | None

    def sides(self) -> dict[TransportKind, frozenset[str]]:
        """The fields defined per transport, built-in ones included."""
        found: dict[TransportKind, frozenset[str]] = {}
        for transport, side in ((TransportKind.SNMP, self.snmp), (TransportKind.MAIL, self.mail)):
            if side is not None:
                found[transport] = BUILT_IN[transport] | {spec.name for spec in side.fields}
        return found


@dataclass(frozen=True, slots=True)
class SeveritySpec:
    """A constant, or a table over the values of the field `by` (compared folded) with a default."""

    default: int
    by: str = ""
    table: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """What kind of case a matching notification means. `key`: templates of the parts after version and pack."""

    line: int
    kind: CaseKind
    severity: SeveritySpec | None
    urgency: Urgency
    contained: bool
    review_for_severity_1: bool
    needs_triage: bool
    key: tuple[str, ...]
    title: Words
    summary: Words
    steps: Words
    source_severity: str
    close_after_quiet: timedelta | None


class OutcomeWord(StrEnum):
    """What a rule may say instead of a case."""

    INFORMATIONAL = "informational"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class ExpectSpec:
    """What a test expects of the rule it stands in. Empty keys are not looked at; `match` False: this rule must not want it."""

    match: bool
    kind: str | None = None
    severity: int | None = None
    urgency: str | None = None
    key: str | None = None
    contained: bool | None = None
    clears: bool | None = None
    outcome: str | None = None
    notification: str | None = None
    rows: int | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestSpec:
    """One case of a rule: exactly one of mail, trap, fields. `v1` is (enterprise, generic, specific)."""

    __test__ = False

    name: str
    line: int
    expect: ExpectSpec
    mail: str | None = None
    trap_oid: str | None = None
    varbinds: tuple[tuple[str, str | int], ...] = ()
    v1: tuple[str, int, int] | None = None
    fields: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule: detection (plain Sigma), and exactly one of case, outcome, clears."""

    name: str
    line: int
    title: str
    detection: dict[str, object]
    detection_line: int
    version: str
    case: CaseSpec | None
    outcome: OutcomeWord | None
    clears: tuple[str, ...]
    says: Words | None
    tests: tuple[TestSpec, ...]


@dataclass(frozen=True, slots=True)
class PackSpec:
    """One pack file. `hash` covers all of its content: two packs with the same hash decide alike."""

    name: str
    file: str
    title: str
    products: tuple[str, ...]
    protects: str
    kinds: dict[str, KindSpec]
    rules: tuple[RuleSpec, ...]
    hash: str
    products_set: frozenset[str]
