"""Reads the `vocabularies` and `notifications` of a pack: kinds, how each is recognised, where its fields stand."""

import re
from collections.abc import Iterable

from rules import schema
from rules.model import BUILT_IN, WORKING, FieldSpec, KindSpec, MailSide, SnmpSide, TransportKind
from rules.nodes import Mapping, Node, suggestion
from rules.read_oid import check_oid
from rules.text import fold, one_line, words_of

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
Vocabularies = dict[str, dict[str, str]]


def _oids(section: Mapping, key: str) -> tuple[str, ...]:
    node = section.get(key)
    return tuple(check_oid(oid, node) for oid in node.texts(f"`{key}`")) if node else ()


def _name(name: str, line: int, section: Mapping, what: str) -> str:
    if not NAME.fullmatch(name):
        section.document.add(line, f"{what} `{name}` must be lower-case letters, digits and _, beginning with a letter")
    return name


def read_vocabularies(pack: Mapping) -> Vocabularies:
    """Vocabulary -> folded word -> class."""
    found: Vocabularies = {}
    for name, node in pack.mapping("vocabularies"):
        classes = node.mapping(f"vocabulary `{name}`")
        table: dict[str, str] = {}
        for label in classes.entries:
            if label == schema.UNVERIFIED:
                continue
            _name(label, classes.line_of(label), classes, "the class")
            for word in classes.texts(label):
                folded = one_line(fold(word)).rstrip(".")
                if table.setdefault(folded, label) != label:
                    classes.error(label, f"the word `{word}` is already in class `{table[folded]}` of this vocabulary")
        _known_words(classes, table)
        found[name] = table
    return found


def _known_words(classes: Mapping, table: dict[str, str]) -> None:
    """`unverified` names words of the classes whose wording nobody has seen on a real console yet."""
    for word in classes.texts(schema.UNVERIFIED):
        if one_line(fold(word)).rstrip(".") not in table:
            classes.error(schema.UNVERIFIED, f"the unverified word `{word}` is in no class of this vocabulary")


def read_kinds(pack: Mapping, vocabularies: Vocabularies) -> dict[str, KindSpec]:
    """The kinds by name."""
    kinds: dict[str, KindSpec] = {}
    section = pack.mapping("notifications")
    if not section.entries and "notifications" in pack:
        section.document.add(section.line, "`notifications` names no kind")
    for name, node in section:
        _name(name, section.line_of(name), section, "the kind")
        kind = node.mapping(f"kind `{name}`", schema.KIND)
        if not kind.entries:
            node.error(f"kind `{name}` needs `snmp` or `mail`")
        snmp, mail = kind.get("snmp"), kind.get("mail")
        kinds[name] = KindSpec(
            name,
            section.line_of(name),
            _read_snmp(snmp, vocabularies) if snmp else None,
            _read_mail(mail, vocabularies) if mail else None,
        )
    return kinds


def _read_snmp(node: Node, vocabularies: Vocabularies) -> SnmpSide:
    section = node.mapping("`snmp`", schema.SNMP)
    exact, under, windows = _oids(section, "trap_oid"), _oids(section, "trap_oid_under"), _read_windows(section)
    if not (exact or under or windows):
        node.error("`snmp` needs `trap_oid`, `trap_oid_under` or `windows_source`")
    return SnmpSide(exact, under, windows, _read_fields(section, TransportKind.SNMP, vocabularies), node.line)


def _read_windows(section: Mapping) -> tuple[tuple[str, int], ...]:
    sources = section.texts("windows_source")
    ids = section.get("windows_id")
    if bool(sources) != (ids is not None):
        section.document.add(section.line, "`windows_source` and `windows_id` go together")
    if ids is None:
        return ()
    nodes = ids.value if isinstance(ids.value, list) else [ids]
    numbers = [item.integer("each of `windows_id`", minimum=0, maximum=65_535) for item in nodes]
    return tuple((fold(source), number) for source in sources for number in numbers)


def _read_mail(node: Node, vocabularies: Vocabularies) -> MailSide:
    section = node.mapping("`mail`", schema.MAIL)
    anchors = []
    for item in section.items("anchors"):
        phrases = item.texts("each of `anchors`")
        for phrase in phrases:
            if not words_of(phrase):
                item.error(f"the anchor `{phrase}` holds no word")
        anchors.append(tuple(phrases))
    if not anchors:
        node.error("`mail` needs `anchors`: lists of words of which one list must be in the text")
    rows = section.text_or("rows", "")
    if rows not in {"", schema.ROWS}:
        section.error("rows", f"`rows` must be {schema.ROWS}")
    fields = _read_fields(section, TransportKind.MAIL, vocabularies)
    labelled = {spec.name for spec in fields if spec.labels}
    if rows and not labelled:
        section.error("rows", "`rows: by_labels` needs fields with `label`")
    needs = tuple(section.texts("row_needs"))
    _known(section, "row_needs", needs, labelled)
    return MailSide(tuple(anchors), bool(rows), needs, tuple(section.texts("end_labels")), fields, node.line)


def _known(section: Mapping, key: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            section.error(key, f"`{name}` is not a field that can be read here{suggestion(name, known)}")


def _read_fields(section: Mapping, transport: TransportKind, vocabularies: Vocabularies) -> tuple[FieldSpec, ...]:
    specs: list[FieldSpec] = []
    known = set(BUILT_IN[transport])
    fields = section.mapping("fields")
    for name, node in fields:
        _name(name.removeprefix(WORKING), fields.line_of(name), fields, "the field")
        if name in BUILT_IN[transport]:
            fields.error(name, f"the field `{name}` is built in: choose another name")
        spec = _read_field(name, node, transport, known, vocabularies)
        if spec is not None:
            specs.append(spec)
        known.add(name)
    return tuple(specs)


def _read_field(name: str, node: Node, transport: TransportKind, known: set[str], vocabularies: Vocabularies) -> FieldSpec | None:
    field = node.mapping(f"field `{name}`", schema.FIELD)
    ways = [way for way in schema.WAYS if way in field]
    if len(ways) != 1:
        found = f"has {' and '.join(ways)}" if ways else "has none"
        node.error(f"field `{name}` needs exactly one of {', '.join(schema.WAYS)}; it {found}")
        return None
    (way,) = ways
    for key in field.entries:
        if key in schema.FIELD and key not in schema.WAYS[way]:
            field.error(key, f"`{key}` cannot stand beside `{way}`")
    foreign = schema.MAIL_WAYS if transport is TransportKind.SNMP else schema.SNMP_WAYS
    if way in foreign:
        field.error(way, f"`{way}` has no meaning under `{transport.value}`")
    reads = _reads(field, way)
    _known(field, "first_of" if way == "first_of" else "from", reads, known)
    return _field_spec(name, node.line, way, reads, field, vocabularies)


def _reads(field: Mapping, way: str) -> tuple[str, ...]:
    if way == "first_of":
        return tuple(field.texts("first_of"))
    if "from" not in schema.WAYS[way]:
        return ()
    node = field.require("from")
    if node is None:
        return ()
    if way == "words":
        return tuple(node.texts("`from`"))
    return (node.text("`from`"),)


def _field_spec(name: str, line: int, way: str, reads: tuple[str, ...], field: Mapping, vocabularies: Vocabularies) -> FieldSpec:
    as_form = field.text_or("as", "")
    if as_form not in {"", "date"}:
        field.error("as", "`as` must be date")
    numbers = way if way.startswith("number_") else ""
    return FieldSpec(
        name,
        line,
        way,
        reads=reads,
        oids=_oids(field, way) if way in schema.SNMP_WAYS else (),
        enum=_lookup(field, vocabularies) if way == "vocabulary" else _enum(field),
        as_date=bool(as_form),
        labels=_labels(field),
        between=_between(field),
        skip=_folded(field, "skip"),
        before=_folded(field, "before"),
        phrases=_folded(field, numbers) if numbers else (),
        words=_words(field),
        otherwise=field.text_or("else", "") or None,
        constant=field.text_or("const", ""),
    )


def _folded(field: Mapping, key: str) -> tuple[str, ...]:
    return tuple(fold(text) for text in field.texts(key))


def _labels(field: Mapping) -> tuple[str, ...]:
    labels = tuple(field.texts("label"))
    for label in labels:
        if len(label) > 60 or any(mark in label for mark in ":\t,;|\n"):
            field.error(
                "label", f"the label `{label}` is longer than 60 characters or holds a colon, comma, semicolon, bar or tab"
            )
    return labels


def _enum(field: Mapping) -> dict[str, str]:
    section = field.mapping("enum")
    for number in section.entries:
        if not number.removeprefix("-").isdigit():
            section.error(number, f"the key `{number}` of `enum` must be a whole number")
    return {number: node.text(f"`{number}`") for number, node in section}


def _lookup(field: Mapping, vocabularies: Vocabularies) -> dict[str, str]:
    name = field.text("vocabulary")
    if name and name not in vocabularies:
        field.error("vocabulary", f"there is no vocabulary `{name}`{suggestion(name, vocabularies)}")
    return vocabularies.get(name, {})


def _between(field: Mapping) -> tuple[str, str]:
    if "between" not in field:
        return "", ""
    ends = field.items("between")
    if len(ends) != 2:
        field.error("between", "`between` needs two texts: what stands before and what stands after (null: up to the end)")
        return "", ""
    return ends[0].text("the first of `between`"), "" if ends[1].value is None else ends[1].text("the second of `between`")


def _words(field: Mapping) -> tuple[tuple[str, tuple[str, ...]], ...]:
    section = field.mapping("words")
    return tuple((word, tuple(section.texts(word))) for word in section.entries)
