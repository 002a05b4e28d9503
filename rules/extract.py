"""Reads the fields of a recognised notification out of a trap's varbinds or a mail's text. Recognising it is done elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

from collector.domain.mail import Mail
from collector.domain.octets import OPAQUE, date_and_time, wrapped_number
from collector.domain.trap import Trap, VarbindValue
from collector.domain.trap_oids import other_spelling
from collector.domain.windows_entries import windows_entry
from rules.derive import Step, step
from rules.labels import LabelFinder
from rules.model import FieldSpec, MailSide, SnmpSide
from rules.text import Values, clean, fold, from_octets

MAX_TEXT = 1_000_000
"""Characters of a mail's text that fields are looked for in."""
_OF_ENTRIES = frozenset({"windows_source", "windows_id"})
_Convert = Callable[[VarbindValue, str], str | None]


def _as_text(value: VarbindValue, _suffix: str) -> str | None:
    if isinstance(value, bytes):
        return from_octets(value)
    if isinstance(value, int):
        return str(value) if -(1 << 64) < value < 1 << 64 else None
    return clean(value) if value is not None else None


def _suffix_only(_value: VarbindValue, suffix: str) -> str | None:
    return suffix


def _as_date(value: VarbindValue, _suffix: str) -> str | None:
    """DateAndTime. Anything else is shown as it came."""
    return (date_and_time(value) if isinstance(value, bytes) else None) or _as_text(value, "")


def _converter(spec: FieldSpec) -> _Convert:
    if spec.how == "oid_suffix":
        return _suffix_only
    if spec.as_date:
        return _as_date
    if not spec.enum:
        return _as_text

    def look_up(value: VarbindValue, suffix: str) -> str | None:
        text = _as_text(value, suffix)
        return spec.enum.get(text, text) if text is not None else None

    return look_up


class TrapReader:
    """The fields of one kind in traps. A varbind belongs to the longest OID that its own begins with, by arcs; the first wins."""

    def __init__(self, side: SnmpSide, built_in: frozenset[str]) -> None:
        wanted: dict[str, list[tuple[str, _Convert]]] = {}
        for spec in side.fields:
            for oid in spec.oids:
                wanted.setdefault(oid, []).append((spec.name, _converter(spec)))
        self._wanted = [(oid, f"{oid}.", targets) for oid, targets in sorted(wanted.items(), key=lambda entry: -len(entry[0]))]
        self._steps = _steps(side.fields)
        self.source = "source" in built_in
        self.oid = "trap_oid" in built_in
        self.low = "specific_low" in built_in
        self._windows = not built_in.isdisjoint(_OF_ENTRIES)
        self._spelled = {other_spelling(oid): oid for oid in side.oids if other_spelling(oid) not in side.oids}

    def read(self, trap: Trap, source: str) -> Values:
        """Fields and the built-in ones that the rules use."""
        values: Values = {}
        if self.source:
            values["source"] = source
        if self.oid:
            values["trap_oid"] = self._spelled.get(trap.trap_oid, trap.trap_oid)
        if self.low:
            values["specific_low"] = specific_low(trap.trap_oid)
        if self._windows:
            _read_entry(trap.trap_oid, values)
        if self._wanted:
            self._read_varbinds(trap, values)
        _apply(self._steps, values)
        return values

    def _read_varbinds(self, trap: Trap, values: Values) -> None:
        wanted = self._wanted
        for oid, tag, value in trap.varbinds:
            for prefix, dotted, targets in wanted:
                if oid.startswith(dotted) or oid == prefix:
                    if tag == OPAQUE and isinstance(value, bytes):
                        value = wrapped_number(value) or value
                    for name, convert in targets:
                        if name not in values:
                            text = convert(value, oid[len(dotted) :])
                            if text:
                                values[name] = text
                    break


def _read_entry(trap_oid: str, values: Values) -> None:
    entry = windows_entry(trap_oid)
    if entry is not None:
        values["windows_source"], values["windows_id"] = clean(entry.source), str(entry.number)


def specific_low(trap_oid: str) -> str:
    """The low 16 bits of the last arc: Windows puts severity bits above the id of its log entry."""
    last = trap_oid.rsplit(".", 1)[-1]
    return str(int(last) & 0xFFFF) if last.isascii() and last.isdigit() and len(last) <= 20 else ""


@dataclass(frozen=True, slots=True)
class MailRead:
    """One set of values per notification in the mail. `cut`: a limit was met, there may be more."""

    rows: list[Values]
    cut: bool


class MailReader:
    """The fields of one kind in mails."""

    def __init__(self, side: MailSide, built_in: frozenset[str]) -> None:
        labels: dict[str, tuple[str, ...]] = {fold(label): () for label in side.end_labels}
        for spec in side.fields:
            for label in spec.labels:
                labels[fold(label)] = (*labels.get(fold(label), ()), spec.name)
        named = frozenset(spec.name for spec in side.fields if spec.labels)
        self._finder = LabelFinder(labels, frozenset(side.row_needs) or named) if named else None
        self._rows = side.rows
        self._steps = _steps(side.fields)
        self._built_in = built_in

    def read(self, mail: Mail, source: str) -> MailRead:
        """Fields and the built-in ones that the rules use; in a mail of several rows `text` is the row's own lines."""
        text = _whole_characters(mail.text[:MAX_TEXT])
        cut = mail.partial or len(mail.text) > MAX_TEXT
        if self._finder is None:
            return MailRead([self._complete({}, mail, source, text)], cut)
        if not self._rows:
            return MailRead([self._complete(self._finder.first(text), mail, source, text)], cut)
        found = self._finder.rows(text)
        rows = found.rows
        if len(rows) < 2:
            return MailRead([self._complete(rows[0].values if rows else {}, mail, source, text)], cut or found.cut)
        ends = [*(row.start for row in rows[1:]), len(text)]
        parts = [text[row.start : end] for row, end in zip(rows, ends, strict=True)]
        return MailRead(
            [self._complete(row.values, mail, source, part) for row, part in zip(rows, parts, strict=True)], cut or found.cut
        )

    def _complete(self, values: Values, mail: Mail, source: str, text: str) -> Values:
        if "source" in self._built_in:
            values["source"] = source
        if "subject" in self._built_in:
            values["subject"] = clean(mail.subject)
        if "text" in self._built_in:
            values["text"] = text
        _apply(self._steps, values)
        return values


def _whole_characters(text: str) -> str:
    """`text` without halves of surrogate pairs, which cannot be written as UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _steps(fields: tuple[FieldSpec, ...]) -> list[tuple[str, Step]]:
    found = [(spec.name, step(spec)) for spec in fields]
    return [(name, make) for name, make in found if make is not None]


def _apply(steps: list[tuple[str, Step]], values: Values) -> None:
    for name, make in steps:
        value = make(values)
        if value:
            values[name] = value
