"""File systems that pretend to have synced are refused; memory is accepted with a warning."""

from pathlib import Path

import pytest

from collector.domain.errors import ConfigurationError
from collector.journal.durability import check_durable

ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard"


@pytest.fixture
def mountinfo(tmp_path: Path) -> Path:
    return tmp_path / "mountinfo"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        pytest.param(
            "30 27 0:9 / {here} rw - overlay overlay rw,lowerdir=/a,volatile", "volatile", id="overlay that ignores syncs"
        ),
        pytest.param("30 27 8:1 / {here} rw - ext4 /dev/sda1 rw,nobarrier", "nobarrier", id="ext4 without barriers"),
        pytest.param("30 27 8:1 / {here} rw - ext4 /dev/sda1 rw,barrier=0", "barrier=0", id="ext4 with barriers at zero"),
    ],
)
def test_a_disk_that_pretends_is_refused_unless_allowed(tmp_path: Path, mountinfo: Path, line: str, word: str) -> None:
    mountinfo.write_text(f"{ROOT}\n{line.format(here=tmp_path.resolve())}\n")
    with pytest.raises(ConfigurationError, match=word):
        check_durable(tmp_path, mountinfo=mountinfo)
    check_durable(tmp_path, allow_volatile=True, mountinfo=mountinfo)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="only the root"),
        pytest.param(["30 27 0:27 / {here}-other rw - tmpfs tmpfs rw"], id="memory at a name that only begins alike"),
        pytest.param(
            ["30 27 0:27 / {up} rw - tmpfs tmpfs rw", "31 30 8:1 / {here} rw - xfs /dev/sda1 rw"], id="a disk inside memory"
        ),
        pytest.param(
            ["30 27 0:27 / {here} rw - tmpfs tmpfs rw", "31 30 8:1 / {here} rw - xfs /dev/sda1 rw"],
            id="a disk mounted over memory",
        ),
        pytest.param(["nonsense", "- tmpfs", ""], id="lines that are not understood"),
    ],
)
def test_a_disk_is_accepted(tmp_path: Path, mountinfo: Path, lines: list[str]) -> None:
    here = tmp_path.resolve()
    mountinfo.write_text("\n".join([ROOT, *(line.format(here=here, up=here.parent) for line in lines)]))
    assert check_durable(tmp_path, mountinfo=mountinfo) is None


def test_memory_is_accepted_with_a_sentence_that_says_so(tmp_path: Path, mountinfo: Path) -> None:
    mountinfo.write_text(f"{ROOT}\n30 27 0:27 / {tmp_path.resolve()} rw - tmpfs tmpfs rw\n")
    warning = check_durable(tmp_path, mountinfo=mountinfo)
    assert warning is not None
    assert "power cut" in warning
    assert check_durable(tmp_path, allow_volatile=True, mountinfo=mountinfo) is None


def test_escaped_names_are_understood(tmp_path: Path, mountinfo: Path) -> None:
    spaced = tmp_path / "with space"
    spaced.mkdir()
    name = str(spaced.resolve()).replace(" ", r"\040")
    mountinfo.write_text(f"{ROOT}\n30 27 0:27 / {name} rw - tmpfs tmpfs rw\n")
    assert check_durable(spaced, mountinfo=mountinfo) is not None


def test_the_machine_we_run_on_can_be_read(tmp_path: Path) -> None:
    check_durable(tmp_path, allow_volatile=True)
