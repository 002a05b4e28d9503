"""A log line is one line, whatever stands in its fields."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in logs.OWN_PACKAGES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(False)
    for name, own in levels.items():
        logging.getLogger(name).setLevel(own)


def configured(*, form: str, level: str = "info", role: str = "snmp") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level=level, form=form, role=role, stream=stream)
    return stream


def test_a_text_line_has_time_level_process_logger_sentence_and_fields() -> None:
    stream = configured(form="text")
    logs.Log("collector.x").info("role started", pid=12, address="127.0.0.1:1", said="two words")
    at, rest = stream.getvalue().split(" ", 1)
    assert at.endswith("Z")
    assert rest == 'info snmp collector.x: role started pid=12 address=127.0.0.1:1 said="two words"\n'


def test_a_json_line_is_one_object_with_the_fields_beside_the_sentence() -> None:
    stream = configured(form="json")
    logs.Log("collector.x").warning("refused", peer="192.0.2.1", count=3, late=True, level="high")
    line = json.loads(stream.getvalue())
    assert {**line, "at": ""} == {
        "at": "",
        "level": "warning",
        "process": "snmp",
        "logger": "collector.x",
        "sentence": "refused",
        "peer": "192.0.2.1",
        "count": 3,
        "late": True,
        "level_": "high",
    }


def test_fields_given_to_the_standard_library_are_fields_too() -> None:
    stream = configured(form="json")
    logging.getLogger("receivers.snmp").info("refused %s", "it", extra={"peer": "192.0.2.1"})
    line = json.loads(stream.getvalue())
    assert (line["sentence"], line["peer"]) == ("refused it", "192.0.2.1")


HOSTILE = [
    pytest.param("a\n2026-01-01T00:00:00Z info root: all is well", id="line feed"),
    pytest.param("a\r\x1b[2Jb", id="terminal control"),
    pytest.param("a\u2028b\u2029c\x85d", id="other line separators"),
    pytest.param("a\u202eb", id="right-to-left override"),
    pytest.param('" forged="yes', id="quote"),
    pytest.param("\udcff", id="lone surrogate"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_value_stays_inside_its_field(form: str, value: str) -> None:
    stream = configured(form=form)
    logs.Log("collector.x").info("seen", value=value)
    written = stream.getvalue()
    assert len(written.splitlines()) == 1
    assert written[:-1].isprintable()
    assert ' forged="' not in written
    if form == "json":
        assert json.loads(written)["value"] == value


@settings(deadline=None)
@given(st.text())
def test_an_escaped_text_is_printable(text: str) -> None:
    assert logs.escaped(text).isprintable()


def test_a_value_of_great_length_is_cut_and_says_so() -> None:
    stream = configured(form="text")
    logs.Log("collector.x").info("seen", value="x" * 100_000)
    assert len(stream.getvalue()) < 3_000
    assert "(100000 characters)" in stream.getvalue()


def test_a_cause_is_shown_indented_so_that_its_text_cannot_pass_for_a_line() -> None:
    stream = configured(form="text")
    try:
        raise ValueError("first\n2026-01-01T00:00:00Z info root: forged\x1b[0m")
    except ValueError as error:
        logs.Log("collector.x").error("role failed", cause=error)
    first, *more = stream.getvalue().splitlines()
    assert first.endswith("error snmp collector.x: role failed")
    assert all(line.startswith("    ") for line in more)
    assert "\x1b" not in stream.getvalue()


def test_a_cause_is_one_field_in_json() -> None:
    stream = configured(form="json")
    logs.Log("collector.x").error("role failed", cause=ValueError("why"))
    assert "ValueError: why" in json.loads(stream.getvalue())["traceback"]


@pytest.mark.parametrize(
    ("level", "logger", "at", "shown"),
    [
        pytest.param("info", "collector.x", logging.INFO, True, id="ours from the level"),
        pytest.param("info", "receivers.x", logging.DEBUG, False, id="ours below the level"),
        pytest.param("debug", "api.x", logging.DEBUG, True, id="ours at debug"),
        pytest.param("debug", "aiosmtpd", logging.INFO, False, id="others never below warning"),
        pytest.param("error", "sqlalchemy", logging.WARNING, False, id="others not below the level"),
        pytest.param("info", "sqlalchemy", logging.WARNING, True, id="others from warning"),
    ],
)
def test_who_is_heard_at_which_level(level: str, logger: str, at: int, shown: bool) -> None:
    stream = configured(form="text", level=level)
    logging.getLogger(logger).log(at, "said")
    assert bool(stream.getvalue()) is shown


def test_a_library_that_sets_its_own_level_is_not_heard_more() -> None:
    stream = configured(form="text", level="debug")
    talkative = logging.getLogger("talkative")
    talkative.setLevel(logging.DEBUG)
    talkative.info("password: hunter2")
    assert stream.getvalue() == ""


def test_a_broken_stream_does_not_stop_the_service() -> None:
    stream = configured(form="text")
    stream.close()
    logs.Log("collector.x").info("into the void")
