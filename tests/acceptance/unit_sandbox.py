"""Runs a program under the kernel's part of a systemd unit's sandbox, without systemd: its system call filter, address families,
memory rule and namespaces, and no capability. Arguments: unit file, then the command line. What needs mounts is not done here."""

import ctypes
import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

LIBRARY = "libseccomp.so.2"
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED_EQUAL = 4, 7
_PROT_WRITE, _PROT_EXEC, _SHM_EXEC = 2, 4, 0o100000
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
_MOST_FAMILIES = 64
_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_PR_SET_NO_NEW_PRIVS = 38


class _Condition(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class Filter:
    """A seccomp filter: what happens to calls that no rule names is `otherwise`."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, call: str, *conditions: tuple[int, int, int, int]) -> None:
        """Calls that this machine does not have are passed over."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        array = (_Condition * len(conditions))(*(_Condition(*one) for one in conditions))
        refused = self._library.seccomp_rule_add_array(self._context, ctypes.c_uint32(action), number, len(conditions), array)
        assert refused == 0, f"{call}: {os.strerror(-refused)}"

    def load(self) -> None:
        refused = self._library.seccomp_load(self._context)
        assert refused == 0, os.strerror(-refused)


def values(unit: str, key: str) -> list[str]:
    """Every value of the key, in order."""
    return re.findall(rf"^{key}=(.*)$", unit, flags=re.MULTILINE)


def allowed_calls(unit: str) -> set[str]:
    """SystemCallFilter: a list of groups and names to allow, then with a tilde those to take away again."""
    allowed: set[str] = set()
    for value in values(unit, "SystemCallFilter"):
        names = {name for word in value.removeprefix("~").split() for name in _expanded(word)}
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed


def _expanded(word: str) -> Iterable[str]:
    if not word.startswith("@"):
        return [word]
    told = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    members = [line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return [name for member in members for name in _expanded(member)]


def confine(unit: str) -> None:
    """From now on, for this process and all that it starts."""
    allowed = allowed_calls(unit)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    ways = Filter(_ALLOW)
    if values(unit, "MemoryDenyWriteExecute") == ["yes"]:
        both = _PROT_WRITE | _PROT_EXEC
        ways.rule(_ERRNO | errno.EPERM, "mmap", (2, _MASKED_EQUAL, both, both))
        ways.rule(_ERRNO | errno.EPERM, "mprotect", (2, _MASKED_EQUAL, _PROT_EXEC, _PROT_EXEC))
        ways.rule(_ERRNO | errno.EPERM, "pkey_mprotect", (2, _MASKED_EQUAL, _PROT_EXEC, _PROT_EXEC))
        ways.rule(_ERRNO | errno.EPERM, "shmat", (2, _MASKED_EQUAL, _SHM_EXEC, _SHM_EXEC))
    if families := " ".join(values(unit, "RestrictAddressFamilies")).split():
        for family in set(range(_MOST_FAMILIES)) - {_FAMILIES[name] for name in families}:
            ways.rule(_ERRNO | errno.EAFNOSUPPORT, "socket", (0, _EQUAL, family, 0))
    if values(unit, "RestrictNamespaces") == ["yes"]:
        for flag in _NAMESPACES:
            for call in ("clone", "unshare", "setns"):
                ways.rule(_ERRNO | errno.EPERM, call, (1 if call == "setns" else 0, _MASKED_EQUAL, flag, flag))
        ways.rule(_ERRNO | errno.ENOSYS, "clone3")
    ways.load()
    calls = Filter(_ERRNO | errno.EPERM)
    for call in allowed:
        calls.rule(_ALLOW, call)
    calls.load()


def main(arguments: Sequence[str]) -> None:
    unit, *command = arguments
    confine(Path(unit).read_text(encoding="utf-8"))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
