"""Loads packs from a folder or from texts. A pack that is broken, or fails its own tests, stops only itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from collector.domain.errors import Located, PackError
from rules.engine import RuleSet
from rules.pack import CompiledPack, compile_pack
from rules.selftest import failures

MAX_PACK_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`refused`: the pack files that were left out, by file name, each with all its errors."""

    ruleset: RuleSet
    refused: dict[str, PackError]


def builtin_packs_path() -> Path:
    """The folder of the packs that come with the product."""
    with as_file(files("rules") / "packs") as path:
        return path


def load_packs(packs: Path | Iterable[tuple[str, str]]) -> LoadResult:
    """Load every `*.yaml` of a folder, or (file name, text) pairs. Two packs of one name: the second is refused."""
    if isinstance(packs, Path):
        return load_folders([packs])
    good: dict[str, CompiledPack] = {}
    refused: dict[str, PackError] = {}
    for file, text in packs:
        try:
            pack = _load_one(file, text)
        except PackError as error:
            refused[file] = error
            continue
        other = good.setdefault(pack.spec.name, pack)
        if other is not pack:
            refused[file] = PackError([Located(file, 0, f"the pack name `{pack.spec.name}` is taken by {other.spec.file}")])
    return LoadResult(RuleSet(list(good.values())), refused)


def load_folders(folders: Iterable[Path]) -> LoadResult:
    """Load every `*.yaml` of these folders. A file that cannot be read is refused as a broken one is."""
    unreadable: dict[str, PackError] = {}
    loaded = load_packs([text for folder in folders for text in _texts(folder, unreadable)])
    return LoadResult(loaded.ruleset, unreadable | loaded.refused)


def _texts(folder: Path, refused: dict[str, PackError]) -> Iterable[tuple[str, str]]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            octets = path.read_bytes()
            if len(octets) > MAX_PACK_BYTES:
                raise ValueError(f"longer than {MAX_PACK_BYTES} octets")
            yield path.name, octets.decode()
        except (OSError, ValueError) as error:
            refused[path.name] = PackError([Located(path.name, 0, f"cannot be read: {error}")])


def _load_one(file: str, text: str) -> CompiledPack:
    """Raise PackError when the pack is broken, or a test of its own fails."""
    pack = compile_pack(text, file)
    found = failures(pack)
    if found:
        raise PackError([Located(file, failure.line, failure.message) for failure in found])
    return pack
