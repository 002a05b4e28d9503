"""Binding, passing down and inheriting the listening sockets."""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from collector.config import Role, Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.sockets import BoundSocket, bind_all, close_all, inherited, pass_down

ROOT = Path(__file__).parents[3]
ONCE = timedelta(0)
CLOCK = SystemClock()


def settings(**listen: object) -> Settings:
    chosen = {"snmp": [], "smtp": [], "api": "127.0.0.1:0"} | listen
    return Settings.model_validate({role: {"listen": value} for role, value in chosen.items()})


@pytest.fixture
def bound() -> Iterator[list[BoundSocket]]:
    sockets: list[BoundSocket] = []
    yield sockets
    close_all(sockets)


def test_every_listener_is_bound_and_named_by_its_real_address(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(snmp=["127.0.0.1:0", "[::1]:0"], smtp="127.0.0.1:0"), CLOCK)
    assert [(one.role, one.socket.type) for one in bound] == [
        (Role.SNMP, socket.SOCK_DGRAM),
        (Role.SNMP, socket.SOCK_DGRAM),
        (Role.SMTP, socket.SOCK_STREAM),
        (Role.API, socket.SOCK_STREAM),
    ]
    for one in bound:
        host, port = one.socket.getsockname()[:2]
        assert one.listener == (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        assert port > 0


def test_only_the_roles_asked_for_are_bound(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(snmp="127.0.0.1:0"), CLOCK, roles=[Role.SNMP])
    assert [one.role for one in bound] == [Role.SNMP]


def test_a_connection_waits_in_the_kernel_before_anybody_accepts(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(), CLOCK)
    with socket.create_connection(bound[0].socket.getsockname(), timeout=30) as client:
        client.sendall(b"early")
        taken, _ = bound[0].socket.accept()
        with taken:
            assert taken.recv(10) == b"early"


def test_the_receive_buffer_is_as_large_as_the_kernel_grants(bound: list[BoundSocket]) -> None:
    wanted = Settings.model_validate({"snmp": {"listen": "127.0.0.1:0", "receive_buffer": 65536}})
    bound += bind_all(wanted, CLOCK, roles=[Role.SNMP])
    assert bound[0].socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 65536


@pytest.mark.parametrize("role", [Role.SNMP, Role.SMTP, Role.API])
def test_an_address_in_use_is_refused_with_its_key(role: Role, bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(**{role.value: "127.0.0.1:0"}), CLOCK, roles=[role])
    taken = bound[0].listener
    with pytest.raises(ConfigurationError) as caught:
        bind_all(settings(**{role.value: taken}), CLOCK, roles=[role], patience=ONCE)
    assert str(caught.value) == f"[{role}] listen: cannot listen on {taken}: another program listens there"


def test_an_address_that_becomes_free_is_waited_for(bound: list[BoundSocket]) -> None:
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    holder.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{holder.getsockname()[1]}"

    class FreesIt(SystemClock):
        """The second look at the clock comes after a failed try."""

        def monotonic_ns(self) -> int:
            looks.append(1)
            if len(looks) == 2:
                holder.close()
            return super().monotonic_ns()

    looks: list[int] = []
    bound += bind_all(settings(snmp=address), FreesIt(), roles=[Role.SNMP])
    assert bound[0].listener == address


def test_an_address_of_another_machine_is_refused_and_nothing_stays_bound() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(
        ConfigurationError, match=r"\[api\] listen: cannot listen on 203.0.113.1:0: this machine has no such address"
    ):
        bind_all(settings(snmp=free, api="203.0.113.1:0"), CLOCK, patience=ONCE)
    close_all(bind_all(settings(snmp=free), CLOCK, roles=[Role.SNMP], patience=ONCE))


CHILD = """
import json, os, socket, sys
from collector.config import Role
from collector.sockets import inherited
print(json.dumps([[one.listener, one.socket.type, os.get_inheritable(one.socket.fileno())]
                  for one in inherited(Role(sys.argv[1]), os.environ) or []]))
"""


def child(role: Role, environment: dict[str, str], descriptors: tuple[int, ...]) -> list[list[object]]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, role.value],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        pass_fds=descriptors,
        capture_output=True,
        check=True,
    )
    told: list[list[object]] = json.loads(done.stdout)
    return told


def test_a_child_gets_its_own_sockets_and_passes_them_to_nobody_by_accident(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(snmp=["127.0.0.1:0", "[::1]:0"]), CLOCK)
    environment, descriptors = pass_down(bound)
    expected = [[one.listener, int(one.socket.type), False] for one in bound]
    assert child(Role.SNMP, environment, descriptors) == expected[:2]
    assert child(Role.API, environment, descriptors) == expected[2:]
    assert child(Role.SMTP, environment, descriptors) == []


def test_a_role_without_a_supervisor_inherits_nothing() -> None:
    assert inherited(Role.SNMP, {}) is None


def test_a_descriptor_that_is_another_socket_is_refused(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(snmp="127.0.0.1:0"), CLOCK)
    lie = [{"role": "snmp", "listener": bound[0].listener, "fd": bound[1].socket.fileno()}]
    with pytest.raises(ConfigurationError, match=f"is bound to {bound[1].listener}, not {bound[0].listener}"):
        inherited(Role.SNMP, {"COLLECTOR_SOCKETS": json.dumps(lie)})


def test_a_descriptor_that_is_no_socket_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        lie = [{"role": "snmp", "listener": "127.0.0.1:1", "fd": file.fileno()}]
        with pytest.raises(ConfigurationError, match="is not a socket"):
            inherited(Role.SNMP, {"COLLECTOR_SOCKETS": json.dumps(lie)})


SYSTEMD_CHILD = """
import fcntl, json, os, sys
for number, source in enumerate([fcntl.fcntl(int(text), fcntl.F_DUPFD, 100) for text in sys.argv[2:]], start=3):
    os.dup2(source, number)
from collector.config import Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.sockets import bind_all
os.environ["LISTEN_PID"] = str(os.getpid())
settings = Settings.model_validate(json.loads(sys.argv[1]))
try:
    bound = bind_all(settings, SystemClock(), environment=os.environ)
    print(json.dumps([[one.role, one.listener, one.socket.fileno()] for one in bound]))
    if sys.argv[2:] and settings.snmp.listen:
        from receivers.snmp.udp import grow_buffer
        grow_buffer(bound[0].socket, settings.snmp.receive_buffer)
except ConfigurationError as error:
    print(json.dumps(str(error)))
"""


def under_systemd(chosen: dict[str, object], passed: list[socket.socket], *, wrapper: tuple[str, ...] = ()) -> object:
    """What a process makes of sockets that stand at descriptor 3 and above, as systemd puts them."""
    descriptors = [one.fileno() for one in passed]
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", SYSTEMD_CHILD, json.dumps(chosen), *map(str, descriptors)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": "traps:page"},
        pass_fds=descriptors,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture
def from_systemd() -> Iterator[list[socket.socket]]:
    """A datagram and a stream socket."""
    sockets = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        first = socket.socket(socket.AF_INET, kind)
        first.bind(("127.0.0.1", 0))
        sockets.append(first)
    yield sockets
    for one in sockets:
        one.close()


def test_sockets_from_systemd_are_found_by_address_not_by_order(from_systemd: list[socket.socket]) -> None:
    traps, page = (f"127.0.0.1:{one.getsockname()[1]}" for one in from_systemd)
    chosen: dict[str, object] = {"snmp": {"listen": traps}, "smtp": {"listen": []}, "api": {"listen": page}}
    assert under_systemd(chosen, from_systemd) == [["snmp", traps, 3], ["api", page, 4]]
    assert under_systemd(chosen, from_systemd[::-1]) == [["snmp", traps, 4], ["api", page, 3]]


def test_a_socket_from_systemd_that_no_key_names_is_refused(from_systemd: list[socket.socket]) -> None:
    page = f"127.0.0.1:{from_systemd[1].getsockname()[1]}"
    chosen: dict[str, object] = {"snmp": {"listen": []}, "smtp": {"listen": []}, "api": {"listen": page}}
    stranger = f"127.0.0.1:{from_systemd[0].getsockname()[1]}"
    assert under_systemd(chosen, from_systemd) == (
        f"LISTEN_FDS: systemd passes {stranger}, but no listen key of these roles names it"
    )


@pytest.fixture
def sharing() -> Iterator[list[socket.socket]]:
    """Two datagram sockets on one address, as two socket units with ReusePort= make them."""
    sockets: list[socket.socket] = []
    for _ in range(2):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(sockets[0].getsockname() if sockets else ("127.0.0.1", 0))
        sockets.append(one)
    yield sockets
    for one in sockets:
        one.close()


def test_sockets_from_systemd_that_share_an_address_are_one_for_each_receiver(sharing: list[socket.socket]) -> None:
    traps = f"127.0.0.1:{sharing[0].getsockname()[1]}"
    page: dict[str, object] = {"smtp": {"listen": []}, "api": {"listen": "127.0.0.1:0"}}
    told = under_systemd({"snmp": {"listen": traps, "receivers": 2}, **page}, sharing)
    assert isinstance(told, list)
    assert told[:2] == [["snmp", traps, 3], ["snmp", traps, 4]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console:
        for _ in range(20):
            console.sendto(b"x", sharing[0].getsockname())
    waiting = [bool(select.select([one], [], [], 0)[0]) for one in sharing]
    assert sorted(waiting) == [False, True], "the program is attached: all from one address is in one socket"


@pytest.mark.parametrize(("receivers", "passed"), [(1, 2), (2, 1), (3, 2)])
def test_another_number_of_sockets_than_receivers_is_refused(receivers: int, passed: int, sharing: list[socket.socket]) -> None:
    traps = f"127.0.0.1:{sharing[0].getsockname()[1]}"
    chosen: dict[str, object] = {"snmp": {"listen": traps, "receivers": receivers}, "smtp": {"listen": []}}
    assert under_systemd({**chosen, "api": {"listen": "127.0.0.1:0"}}, sharing[:passed]) == (
        f"[snmp] receivers: {receivers} sockets are wanted for {traps}, systemd passes {passed}; "
        f"make {receivers} socket units for it with ReusePort=yes, or set receivers = {passed}"
    )


def test_two_sockets_from_systemd_for_one_page_are_refused() -> None:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(first.getsockname() if one is second else ("127.0.0.1", 0))
        page = f"127.0.0.1:{first.getsockname()[1]}"
        chosen: dict[str, object] = {"snmp": {"listen": []}, "smtp": {"listen": []}, "api": {"listen": page}}
        assert under_systemd(chosen, [first, second]) == f"LISTEN_FDS: one socket is wanted for {page}, systemd passes 2"


def link_local() -> str | None:
    """An address of this machine, with its interface. What is sent to it from the machine itself does not leave it."""
    for line in Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines():
        digits, _, _, scope, _, interface = line.split()
        if scope == "20":
            return f"{IPv6Address(int(digits, 16))}%{interface}"
    return None


LINK_LOCAL = link_local()


@pytest.mark.skipif(LINK_LOCAL is None, reason="no interface has a link-local address")
def test_a_link_local_listener_carries_its_interface_in_its_name(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(snmp=f"[{LINK_LOCAL}]:0"), CLOCK, roles=[Role.SNMP])
    port = bound[0].socket.getsockname()[1]
    assert bound[0].listener == f"[{LINK_LOCAL}]:{port}"
    environment, descriptors = pass_down(bound)
    assert child(Role.SNMP, environment, descriptors) == [[bound[0].listener, int(socket.SOCK_DGRAM), False]]
    with pytest.raises(ConfigurationError, match="another program listens there"):
        bind_all(settings(snmp=bound[0].listener), CLOCK, roles=[Role.SNMP], patience=ONCE)


def test_an_interface_that_this_machine_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="this machine has no such interface"):
        bind_all(settings(snmp="[fe80::1%nosuch0]:0"), CLOCK, roles=[Role.SNMP], patience=ONCE)


WITHOUT_NET_ADMIN = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="giving a large buffer and losing the right needs root"
)
@pytest.mark.parametrize("wanted", [pytest.param(1 << 20, id="less than given"), pytest.param(1 << 28, id="more than given")])
def test_the_receive_buffer_that_systemd_gave_is_never_made_smaller(wanted: int, from_systemd: list[socket.socket]) -> None:
    traps, given = from_systemd[0], 32 << 20
    traps.setsockopt(socket.SOL_SOCKET, 33, given)
    assert traps.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * given
    address = f"127.0.0.1:{traps.getsockname()[1]}"
    chosen: dict[str, object] = {"snmp": {"listen": address, "receive_buffer": wanted}, "smtp": {"listen": []}}
    page = f"127.0.0.1:{from_systemd[1].getsockname()[1]}"
    under_systemd({**chosen, "api": {"listen": page}}, from_systemd, wrapper=WITHOUT_NET_ADMIN)
    assert traps.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * given
