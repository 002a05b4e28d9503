"""Giving up what only binding needed: from root to an account of the machine, and every capability, with no way back. Done before
any role is started; what is started afterwards has nothing either."""

import ctypes
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import collector
from collector.domain.errors import ConfigurationError
from collector.logs import Log

OPTION = "--user"
ROOT_OPTION = "--allow-root"
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
"""linux/prctl.h; see PR_SET_NO_NEW_PRIVS(2const), capabilities(7)."""
_CAPABILITY_VERSION_3 = 0x2008_0522
"""linux/capability.h: two sets of three 32 bit words, effective, permitted, inheritable."""

log = Log(__name__)


def require_unprivileged(*, root_allowed: bool) -> None:
    """Raise ConfigurationError when this process is root's and nobody said that it may be: octets of strangers are worked on
    here."""
    if os.geteuid() == 0 and not root_allowed:
        raise ConfigurationError(
            f"started as root: {OPTION} NAME (`serve`, `receive`) binds the listeners as root and becomes NAME; "
            f"else start it as another user, or say {ROOT_OPTION} where there is none, as in some containers"
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system who is not root."""

    name: str
    user: int
    group: int
    home: str

    @classmethod
    def named(cls, name: str) -> "Account":
        """Raise ConfigurationError when there is none of that name, or it is one that this process cannot become."""
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise ConfigurationError(f"{OPTION}: this machine has no user {name}") from None
        if found.pw_uid == 0:
            raise ConfigurationError(f"{OPTION}: {name} is root; name a user without privileges")
        if os.geteuid() not in (0, found.pw_uid):
            raise ConfigurationError(f"{OPTION}: only root can become {name}; start without it as {name}, or as root")
        return cls(name, found.pw_uid, found.pw_gid, found.pw_dir)


@contextmanager
def acting_as(account: Account) -> Iterator[None]:
    """Files are opened and made as the account for a while; then this process is what it was before."""
    user, group, groups = os.geteuid(), os.getegid(), os.getgroups()
    if user == account.user:
        yield
        return
    os.initgroups(account.name, account.group)
    os.setegid(account.group)
    os.seteuid(account.user)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)
        os.setgroups(groups)


def become(account: Account) -> None:
    """For good: user, group and groups of the account, and no capability. Raise ConfigurationError when something of it fails."""
    if os.geteuid() != account.user:
        try:
            os.initgroups(account.name, account.group)
            os.setresgid(account.group, account.group, account.group)
            os.setresuid(account.user, account.user, account.user)
        except OSError as error:
            raise ConfigurationError(f"{OPTION}: cannot become {account.name}: {error.strerror}") from error
    # what roles and libraries look for beside root's files would be refused, or worse, found
    os.environ |= {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
    give_up_capabilities()


def give_up_capabilities() -> None:
    """No capability for this process and those that it starts, and no program that could give any back (set-user-ID, file
    capabilities). What the kernel refuses is told in the log: it forbids nothing that we do."""
    library = ctypes.CDLL(None, use_errno=True)
    _told(library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _told(library.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient")
    if _has_capabilities():  # a service without any may be forbidden the call
        header, nothing = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
        _told(library.capset(header, nothing), "permitted")


def _told(refused: int, what: str) -> None:
    if refused:
        log.warning("capabilities could not be given up", which=what, reason=os.strerror(ctypes.get_errno()))


def _has_capabilities() -> bool:
    """Permitted ones, which may be made effective again."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return any(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapPrm:"))


def require_usable(account: Account, data_dir: Path) -> None:
    """While acting as the account: it can run this program, and read and write everything in `data_dir`, which is made when it
    is missing. Raise ConfigurationError that says what root must do otherwise."""
    for program in (sys.executable, collector.__file__):
        if not os.access(program, os.R_OK, effective_ids=True):
            raise ConfigurationError(f"{OPTION}: {account.name} may not read {program}, which is this program")
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        remedy = f"install -d -m 0700 -o {account.name} {data_dir}"
        raise ConfigurationError(f"{OPTION}: {account.name} cannot make data_dir: {error.strerror}; {remedy}") from error
    for path in _below(data_dir):
        needed = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
        if not os.access(path, needed, effective_ids=True) and os.path.lexists(path):
            remedy = f"chown -R {account.name}: {data_dir}"
            raise ConfigurationError(f"{OPTION}: {account.name} may not use {path} in data_dir; {remedy}")


def _below(directory: Path) -> Iterator[Path]:
    yield directory
    for place, directories, files in os.walk(directory):
        yield from (Path(place, name) for name in (*directories, *files))
