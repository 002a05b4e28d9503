"""One line per decision on stderr: a constant sentence and fields. What is said where is the business of the modules that say it.

Field values come from outside as well, so nothing in them can begin a new line or move the cursor of a terminal.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TextIO, TypeAlias

OWN_PACKAGES = ("collector", "receivers", "rules", "api")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_PLAIN = re.compile(r"[\w./:@+-]+")
_LONGEST = 2000

Form: TypeAlias = Callable[[dict[str, object], str], str]


class Log:
    """A named logger whose methods take the sentence and its fields: `log.info("role started", role="snmp", pid=12)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, sentence: str, /, **fields: object) -> None:
        self._write(logging.DEBUG, sentence, fields)

    def info(self, sentence: str, /, **fields: object) -> None:
        self._write(logging.INFO, sentence, fields)

    def warning(self, sentence: str, /, **fields: object) -> None:
        self._write(logging.WARNING, sentence, fields)

    def error(self, sentence: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """With `cause`, its traceback follows, indented in text and as a field in JSON."""
        self._write(logging.ERROR, sentence, fields, cause=cause)

    def _write(self, level: int, sentence: str, fields: dict[str, object], *, cause: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", sentence, extra={"fields": fields}, exc_info=cause)


class LineFormatter(logging.Formatter):
    """Makes a line of a record. Fields are those of `Log`, and whatever else was given to `logging` as `extra`."""

    def __init__(self, form: Form, *, role: str) -> None:
        super().__init__()
        self._form = form
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._role,
            "logger": record.name,
            "sentence": record.getMessage(),
        }
        fields = {name: value for name, value in record.__dict__.items() if name not in _STANDARD and name != "fields"}
        fields |= getattr(record, "fields", {})
        line |= {f"{name}_" if name in line else name: value for name, value in fields.items()}
        return self._form(line, self.formatException(record.exc_info) if record.exc_info else "")


def text_line(line: dict[str, object], traceback: str) -> str:
    """For people: `2026-01-31T12:00:00.000Z info snmp collector.role: listening address=127.0.0.1:1162`."""
    at, level, process, logger, sentence, *fields = line.items()
    head = " ".join(str(value) for _, value in (at, level, process) if value)
    pairs = "".join(f" {name}={_quoted(value)}" for name, value in fields)
    return f"{head} {logger[1]}: {escaped(str(sentence[1]))}{pairs}" + "".join(_indented(traceback.splitlines()))


def json_line(line: dict[str, object], traceback: str) -> str:
    """For machines: one JSON object, ASCII only."""
    shown = {name: value if isinstance(value, bool | int | float) else _cut(str(value)) for name, value in line.items()}
    return json.dumps(shown | ({"traceback": traceback} if traceback else {}))


def escaped(text: str) -> str:
    """The text without anything that a terminal or a line reader would obey: control, format and separator characters."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _quoted(value: object) -> str:
    text = _cut(str(value))
    return text if _PLAIN.fullmatch(text) else '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _indented(lines: Iterable[str]) -> Iterable[str]:
    return (f"\n    {escaped(line)}" for line in lines)


_FORMS: dict[str, Form] = {"text": text_line, "json": json_line}


def configure(*, level: str, form: str, role: str = "", stream: TextIO | None = None) -> None:
    """Send our own packages' lines from `level` (debug to error) and other libraries' warnings to `stream` (stderr).

    Other libraries never get below warning: at debug level some of them print what they receive, passwords included.
    """
    others_from = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(_FORMS[form], role=role))
    # the root's level does not bind a library that sets a level of its own
    handler.addFilter(lambda record: record.levelno >= others_from or record.name.partition(".")[0] in OWN_PACKAGES)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(others_from)
    for package in OWN_PACKAGES:
        logging.getLogger(package).setLevel(level.upper())
    logging.captureWarnings(True)
    logging.raiseExceptions = False
