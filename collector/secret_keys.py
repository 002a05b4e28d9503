"""Where the keys that seal secrets come from: the settings, or a file of the collector's own beside its data. No key stands in an
error or a log line."""

import os
import pwd
import secrets
import shlex
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from collector.config import Settings
from collector.config.model import SHORTEST_KEY
from collector.domain.errors import ConfigurationError
from collector.ownership import like_its_directory

KEY_NAME = "[secrets] key"


def require_good(keys: Sequence[str], origin: str) -> None:
    """Raise ConfigurationError when there is no key, or one is no good."""
    if not keys:
        raise ConfigurationError(f"{origin}: holds no key; bring it back, from a backup for instance")
    if any(len(key) < SHORTEST_KEY or not key.isascii() for key in keys):
        raise ConfigurationError(f"{origin}: a key has at least {SHORTEST_KEY} characters of ASCII")


def keys_of_settings(settings: Settings) -> tuple[list[str], str]:
    """The keys, newest first, and where they come from. Raise ConfigurationError when there are none, they cannot be read, or
    their file lies among the data and is not for the collector's user alone."""
    given = settings.secrets.key.get_secret_value().split()
    if given:
        if (file := settings.secrets.file) is not None and _is_among_data(file, settings):
            _require_private(file, _status(file))
        return given, KEY_NAME
    path = settings.secret_key_file
    return read_keys(path, private=True), str(path)


def own_key_file(settings: Settings) -> Path | None:
    """The collector's own file, there or not; None when the settings name the keys."""
    return None if settings.secrets.key.get_secret_value().split() else settings.secret_key_file


def read_keys(path: Path, *, private: bool = False) -> list[str]:
    """The keys of a file, newest first; none when it is empty. Raise ConfigurationError when it is missing or cannot be read, or
    is to be `private` and others may read or change it."""
    try:
        with path.open(encoding="ascii") as file:
            if private:
                _require_private(path, os.fstat(file.fileno()))
            return file.read().split()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: the key of the secrets is missing, and {KEY_NAME} names none. Bring it back, from a backup for instance; "
            "if it is lost, see `collector secrets forget`; for a new store `collector migrate` makes it"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: the key of the secrets cannot be read: {error.strerror}") from error
    except ValueError:
        # from None: the error that is hidden holds the file's content
        raise ConfigurationError(f"{path}: the key of the secrets is damaged: it is no ASCII text") from None


def weaknesses_of_key_file(settings: Settings) -> list[str]:
    """A sentence when the file that `key_file` names is open to more than it must be. Where it is given from outside, as a
    credential or a secret of a container, its mode is not ours to choose: a group may read it, and what is more is only said."""
    file = settings.secrets.file
    if file is None or _is_among_data(file, settings):
        return []
    try:
        trouble = exposure(file.stat(), os.geteuid(), allowed=0o750)
    except OSError:
        return []
    return [f"[secrets] key_file: {file} {trouble}; whoever can read it opens every secret in the store"] if trouble else []


def exposure(status: os.stat_result, user: int, *, allowed: int) -> str:
    """Who but `user` and root has a hand on such a file, beyond the `allowed` bits of its mode; empty when nobody has. Root may
    work with anybody's."""
    mode = stat.S_IMODE(status.st_mode)
    if user not in (0, status.st_uid) and status.st_uid != 0:
        return f"belongs to {_name_of(status.st_uid)}, who is neither root nor the user that this runs as"
    open_bits = mode & 0o077 & ~allowed
    if not open_bits:
        return ""
    who = " and ".join(name for name, bits in (("its group", 0o070), ("others", 0o007)) if open_bits & bits)
    return f"has mode {mode:04o}: {who} may {'change' if open_bits & 0o022 else 'read'} it"


def _is_among_data(file: Path, settings: Settings) -> bool:
    return file.resolve().is_relative_to(settings.data_dir.resolve())


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise ConfigurationError(f"{path}: the key of the secrets cannot be read: {error.strerror}") from error


def _require_private(path: Path, status: os.stat_result) -> None:
    trouble = exposure(status, os.geteuid(), allowed=0o700)
    if trouble:
        command = f"chown {_name_of(os.geteuid())}" if trouble.startswith("belongs") else "chmod 0600"
        raise ConfigurationError(
            f"{path}: the key of the secrets {trouble}; run `{command} {shlex.quote(str(path))}`, and change the key where "
            "somebody may have read it"
        )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def new_key() -> str:
    return secrets.token_urlsafe(32)


def make_own_key(settings: Settings) -> None:
    """Make `<data_dir>/secret.key` (mode 0600) when the settings name no key and it is missing. Of two that make it at once one
    wins, and both find the winner's. Raise ConfigurationError when it cannot be made."""
    path = own_key_file(settings)
    if path is not None and not path.exists():
        write_keys(path, [new_key()], replace=False)


def write_keys(path: Path, keys: Sequence[str], *, replace: bool) -> None:
    """Durable before it returns: what is sealed with a key must not outlive it. With `replace` the file changes in one step,
    without it one that is there stays. Raise ConfigurationError when the disk refuses."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write("".join(f"{key}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            like_its_directory(temporary)
            if replace:
                temporary.replace(path)
            else:
                with suppress(FileExistsError):
                    os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise ConfigurationError(f"{path}: the key of the secrets cannot be written: {error.strerror}") from error


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
