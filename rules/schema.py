"""The keys that a rule pack may use, section by section. The readers refuse everything else."""

PACK = frozenset({"format", "pack", "title", "products", "protects", "vocabularies", "notifications", "rules"})
LATER = {"correlations": "correlations are not supported by this version: remove the section"}
"""Keys of the format that this version refuses with a sentence of their own."""

KIND = frozenset({"snmp", "mail"})
SNMP = frozenset({"trap_oid", "trap_oid_under", "windows_source", "windows_id", "fields"})
MAIL = frozenset({"anchors", "rows", "row_needs", "end_labels", "fields"})
ROWS = "by_labels"
UNVERIFIED = "unverified"
"""In a vocabulary: not a class, but the words of its classes that no real console was seen to use."""

WAYS: dict[str, frozenset[str]] = {
    "oid": frozenset({"oid", "enum", "as"}),
    "oid_suffix": frozenset({"oid_suffix"}),
    "label": frozenset({"label"}),
    "const": frozenset({"const"}),
    "first_of": frozenset({"first_of"}),
    "between": frozenset({"from", "between", "else"}),
    "before": frozenset({"from", "skip", "before", "else"}),
    "vocabulary": frozenset({"from", "vocabulary"}),
    "words": frozenset({"from", "words", "else"}),
    "number_before": frozenset({"from", "number_before", "else"}),
    "number_after": frozenset({"from", "number_after", "else"}),
}
"""How a field's value is found: the key that says it, and the keys that may stand beside it."""
SNMP_WAYS = frozenset({"oid", "oid_suffix"})
MAIL_WAYS = frozenset({"label"})
FIELD = frozenset().union(*WAYS.values())

RULE = frozenset({"name", "title", "detection", "case", "outcome", "clears", "says", "tests"})
CASE = frozenset(
    {
        "kind",
        "severity",
        "urgency",
        "contained",
        "key",
        "title",
        "summary",
        "steps",
        "source_severity",
        "review_for_severity_1",
        "close_after_quiet",
        "needs_triage",
    }
)
SEVERITY = frozenset({"field", "map", "default"})
WORDS = frozenset({"es", "en"})

TEST = frozenset({"name", "mail", "trap", "fields", "expect"})
TRAP = frozenset({"oid", "v1", "varbinds"})
V1 = frozenset({"enterprise", "generic", "specific"})
EXPECT = frozenset(
    {"kind", "severity", "urgency", "key", "contained", "clears", "outcome", "notification", "rows", "fields"},
)
NO_MATCH = "no_match"

MODIFIERS = frozenset(
    {"contains", "startswith", "endswith", "all", "re", "i", "m", "s", "cidr", "lt", "lte", "gt", "gte", "exists", "cased"},
)
"""Sigma's value modifiers that this engine knows; `i`, `m`, `s` only after `re`."""

SECTIONS: dict[str, frozenset[str]] = {
    "pack": PACK,
    "kind": KIND,
    "snmp": SNMP,
    "mail": MAIL,
    "field": FIELD,
    "rule": RULE,
    "case": CASE,
    "severity": SEVERITY,
    "words": WORDS,
    "test": TEST,
    "trap": TRAP,
    "v1": V1,
    "expect": EXPECT,
}
