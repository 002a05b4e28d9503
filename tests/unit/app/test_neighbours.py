"""Which processes the API expects beside itself."""

from pathlib import Path

import pytest

from collector.app.web import Neighbours
from collector.config import Settings


def settings(directory: Path, receivers: int, *, listen: str = "127.0.0.1:0") -> Settings:
    snmp = {"receivers": receivers, "listen": [listen] if listen else []}
    return Settings.model_validate({"data_dir": str(directory), "snmp": snmp, "smtp": {"listen": []}})


@pytest.mark.parametrize(
    ("receivers", "listen", "expected"),
    [
        pytest.param(1, "127.0.0.1:0", {"snmp"}, id="one receiver"),
        pytest.param(3, "127.0.0.1:0", {"snmp", "snmp-1", "snmp-2"}, id="three"),
        pytest.param(3, "", set(), id="no listener"),
    ],
)
def test_every_receiver_is_expected_under_a_supervisor(receivers: int, listen: str, expected: set[str], tmp_path: Path) -> None:
    neighbours = Neighbours(settings(tmp_path, receivers, listen=listen), supervised=True)
    assert neighbours.addresses().keys() == {"process", "hand-off", "supervisor"} | expected
    assert set(neighbours.troubles()) == {f"{name}_not_ready" for name in {"process", "hand-off"} | expected}


def test_alone_only_those_that_are_there_are_spoken_of(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "snmp-1.addr").write_text("127.0.0.1:9\n", encoding="ascii")
    assert Neighbours(settings(tmp_path, 2), supervised=False).addresses() == {"snmp-1": "127.0.0.1:9"}
