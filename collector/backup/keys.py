"""The key of the secrets in backups: the collector's own file goes with the data that it opens; what a restore brings back is
sealed with the key of the place that it comes to."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from collector.backup.manifest import KEY, Manifest
from collector.config import Settings
from collector.domain.errors import ConfigurationError
from collector.secret_keys import KEY_NAME, keys_of_settings, new_key, own_key_file, read_keys, require_good, write_keys
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.sealing import Lost, forget_lost, seal_again


@dataclass(frozen=True, slots=True)
class RestoredKeys:
    """What opens a restored store: the keys of the place first, then the backup's. `to_write`: what the own file is to hold, when
    it is missing."""

    keys: tuple[str, ...] = field(repr=False)
    to_write: tuple[str, ...] = field(repr=False)
    own_file: Path | None


def key_to_back_up(settings: Settings) -> Path | None:
    """The collector's own file; None when the settings name the key, which then lies elsewhere for a reason, or there is none."""
    own = own_key_file(settings)
    return own if own is not None and own.exists() else None


def keys_for(manifest: Manifest, backup: Path, settings: Settings) -> RestoredKeys:
    """Raise ConfigurationError when a key cannot be read."""
    brought = read_keys(backup / KEY) if KEY in {file.path for file in manifest.files} else []
    own_file = own_key_file(settings)
    own = _present(settings) if own_file is None or own_file.exists() else []
    keys = tuple(dict.fromkeys([*own, *brought])) or (new_key(),)
    return RestoredKeys(keys, () if own else keys, own_file)


def _present(settings: Settings) -> list[str]:
    keys, origin = keys_of_settings(settings)
    require_good(keys, origin)
    return keys


def seal_restored(store: Store, found: RestoredKeys, *, forget: bool) -> Lost:
    """Everything with the first key, also what an older program left open. With `forget` what no key opens is left out and
    returned. Raise ConfigurationError when it cannot be opened otherwise."""
    box = SecretBox(found.keys, origin=str(found.own_file or KEY_NAME))
    lost = forget_lost(store, box, turn=nullcontext, dry_run=False) if forget else Lost()
    try:
        seal_again(store, box, turn=nullcontext)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error}. For a restore the key lies in the backup as {KEY}, or {KEY_NAME} or <data_dir>/{KEY} has it; "
            "--forget-secrets restores without what cannot be opened"
        ) from error
    return lost


@contextmanager
def key_in_place(found: RestoredKeys) -> Iterator[None]:
    """Write the own file, when it is missing; when what follows fails it is gone again."""
    if found.own_file is None or not found.to_write:
        yield
        return
    write_keys(found.own_file, found.to_write, replace=False)
    try:
        yield
    except BaseException:
        found.own_file.unlink(missing_ok=True)
        raise
