"""Files of names: written and read again, and refused when they are not of the form."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from collector.domain.errors import ConfigurationError
from collector.names.file import read_modules, write_modules
from collector.names.model import Module, Name, NameKind

GOOD = Module(
    "EXAMPLE-MIB",
    {
        "1.3.6.1.4.1.32473.10": Name("EXAMPLE-MIB", "tenth", NameKind.NODE),
        "1.3.6.1.4.1.32473.9": Name("EXAMPLE-MIB", "ninth", NameKind.OBJECT, {-1: "unknown", 2: "down"}),
    },
    {"State": {1: "up"}},
    "example.mib",
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    write_modules(file, [GOOD])
    assert read_modules(file) == {"EXAMPLE-MIB": GOOD}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["names.json"]


def test_names_stand_in_the_order_of_their_oids_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    write_modules(file, [GOOD])
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines.index('"1.3.6.1.4.1.32473.10": ["node", "tenth"]') == 4
    assert lines[3] == '"1.3.6.1.4.1.32473.9": ["object", "ninth", {"-1": "unknown", "2": "down"}],'


def test_no_file_is_no_names(tmp_path: Path) -> None:
    assert read_modules(tmp_path / "names.json") == {}


def body(**changes: Any) -> dict[str, Any]:
    module = {"names": {"1.3.6": ["object", "ninth", {"1": "up"}]}, "types": {}, "file": "x"} | changes
    return {"format": 1, "modules": {"EXAMPLE-MIB": module}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "Expecting", id="not JSON"),
        pytest.param("[" * 100_000, "", id="nested without end"),
        pytest.param("[]", "", id="a list"),
        pytest.param({"format": 2, "modules": {}}, "the format is 2, not 1", id="a later form"),
        pytest.param({"format": 1, "modules": {"../x": {"names": {}}}}, "a module has no name", id="path as a module"),
        pytest.param(body(names={"1.3.06": ["object", "x"]}), "an OID is not of the form", id="zero before a number"),
        pytest.param(body(names={"1.3.4294967296": ["object", "x"]}), "an OID is not of the form", id="large arc"),
        pytest.param(body(names={".".join(["1"] * 129): ["object", "x"]}), "an OID is not of the form", id="129 arcs"),
        pytest.param(body(names={"1.3": ["thing", "x"]}), "'thing' is not a valid NameKind", id="no kind"),
        pytest.param(body(names={"1.3": ["object", "<b>"]}), "a name has characters", id="markup"),
        pytest.param(body(names={"1.3": ["object", "x\n"]}), "a name has characters", id="line end"),
        pytest.param(body(names={"1.3": ["object", 7]}), "", id="number for a name"),
        pytest.param(body(names={"1.3": ["object", "x", {"one": "up"}]}), "invalid literal", id="label of no number"),
        pytest.param(body(names={"1.3": ["object", "x", {"1": "u p"}]}), "a label of an enumeration", id="blank in a label"),
        pytest.param(body(names=[]), "EXAMPLE-MIB is not of the form", id="names as a list"),
        pytest.param(body(file=7), "EXAMPLE-MIB is not of the form", id="number for a file"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, text: object, reason: str) -> None:
    file = tmp_path / "names.json"
    file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_modules(file)
    assert str(raised.value).startswith(f"{file}: the names cannot be read: ")
    assert reason in str(raised.value)


def test_a_file_that_grew_without_measure_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    with file.open("wb") as sparse:
        sparse.truncate((64 << 20) + 1)
    with pytest.raises(ConfigurationError, match="more than 67108864 octets"):
        read_modules(file)
