"""`collector send-trap --version v3` against a real port, and against an engine that takes informs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import Pdu, Secured, SnmpVersion, Trap
from receivers.snmp.message import decode
from receivers.snmp.responses import scoped_response
from receivers.snmp.usm import KeyRing, Opened
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, UsmStatistic, build, report, scoped_pdu
from tests.traffic_kit import collector, listening

HEALTH, MESSAGE = "1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.1.1.1.0"
ENGINE = bytes.fromhex("80001f8880c0ffee01")
USER = SnmpUser(b"console-1", AuthProtocol.SHA256, b"auth pass phrase", PrivProtocol.AES128, b"priv pass phrase")
PLAIN, SIGNED = SecurityLevel.NO_AUTH_NO_PRIV, SecurityLevel.AUTH_NO_PRIV


@pytest.fixture(autouse=True)
def _pass_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_PASS_PHRASE", USER.auth.decode())
    monkeypatch.setenv("PRIV_PASS_PHRASE", USER.priv.decode())


def words(*more: str, auth: bool = True, priv: bool = True) -> list[str]:
    given = ["send-trap", "--version", "v3", "--user", "console-1", "--oid", HEALTH, "--timeout", "0.2"]
    given += ["--auth", "env:AUTH_PASS_PHRASE"] if auth else []
    given += ["--priv", "env:PRIV_PASS_PHRASE"] if priv else []
    return [*given, *more]


def trap_of(datagram: bytes, user: SnmpUser) -> Trap:
    secured = decode(datagram)
    assert isinstance(secured, Secured)
    trap = KeyRing().unlock(datagram, secured, user)
    assert isinstance(trap, Trap), trap
    return trap


@dataclass
class Engine:
    """The other side of an inform. `boots` and `time` are what it says, `wants` what it takes."""

    user: SnmpUser = USER
    boots: int = 7
    time: int = 1_000
    wants: tuple[int, range] | None = None
    answer: Callable[["Engine", Secured, Opened], bytes] | None = None
    took: list[Trap] = field(default_factory=list)
    ring: KeyRing = field(default_factory=KeyRing)
    salts: Salts = field(default_factory=Salts)

    def __call__(self, datagram: bytes) -> bytes | None:
        secured = decode(datagram)
        assert isinstance(secured, Secured)
        if secured.engine_id != ENGINE:
            assert secured.flags == 4
            return self.report(secured, UsmStatistic.UNKNOWN_ENGINE_IDS)
        opened = self.ring.open(datagram, secured, self.user)
        if not isinstance(opened, Opened):
            return self.report(secured, UsmStatistic.WRONG_DIGESTS)
        if self.answer is not None:
            return self.answer(self, secured, opened)
        if self.wants is not None and (secured.boots != self.wants[0] or secured.time not in self.wants[1]):
            self.boots, self.time = self.wants[0], self.wants[1].start
            return self.report(secured, UsmStatistic.NOT_IN_TIME_WINDOWS, SIGNED)
        trap = self.ring.unlock(datagram, secured, self.user)
        assert isinstance(trap, Trap)
        self.took.append(trap)
        return self.response(secured, opened)

    def report(self, secured: Secured, statistic: UsmStatistic, level: SecurityLevel = PLAIN) -> bytes:
        return self.seal(secured, scoped_pdu(ENGINE, report(statistic, 1)), level)

    def response(self, secured: Secured, opened: Opened, level: SecurityLevel | None = None) -> bytes:
        scoped = scoped_response(opened.data, opened.begin, opened.pdu, opened.end)
        assert scoped is not None
        return self.seal(secured, scoped, self.user.min_level if level is None else level)

    def seal(self, secured: Secured, scoped: bytes, level: SecurityLevel) -> bytes:
        name = self.user.name if level > PLAIN else b""
        envelope = Envelope(ENGINE, self.boots, self.time, name, secured.message_id, level)
        return build(envelope, scoped, self.ring.keys(self.user, ENGINE), salts=self.salts)


def test_a_trap_is_sealed_as_its_user_can(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port:
        assert collector(*words("--to", port.address, "--varbind", f"{MESSAGE}=s:CPU: CRITICAL")) == 0
    trap = trap_of(port.datagrams[0], USER)
    assert (trap.version, trap.pdu, trap.trap_oid, trap.varbinds) == (
        *(SnmpVersion.V3, Pdu.TRAP_V2, HEALTH, [(MESSAGE, 0x04, b"CPU: CRITICAL")]),
    )
    assert trap.secured is not None
    assert (trap.secured.engine_id, trap.secured.flags) == (bytes.fromhex("80007ed904") + b"send-trap", 3)
    assert capsys.readouterr().out == f"1 v3 trap sent to {port.address}\n"


@pytest.mark.parametrize(("auth", "priv", "level"), [(False, False, PLAIN), (True, False, SIGNED)])
def test_the_level_follows_from_the_pass_phrases(auth: bool, priv: bool, level: SecurityLevel) -> None:
    with listening() as port:
        assert collector(*words("--to", port.address, auth=auth, priv=priv)) == 0
    trap_of(port.datagrams[0], replace(USER, min_level=level))


@pytest.mark.parametrize("auth", list(AuthProtocol))
@pytest.mark.parametrize("priv", list(PrivProtocol))
def test_every_protocol_can_be_chosen(auth: AuthProtocol, priv: PrivProtocol) -> None:
    with listening() as port:
        chosen = ("--auth-protocol", auth.value, "--priv-protocol", priv.value, "--engine-id", ENGINE.hex())
        assert collector(*words("--to", port.address, *chosen)) == 0
    trap = trap_of(port.datagrams[0], replace(USER, auth_protocol=auth, priv_protocol=priv))
    assert trap.secured is not None
    assert trap.secured.engine_id == ENGINE


def test_the_engine_s_time_goes_on_from_one_command_to_the_next() -> None:
    with listening() as port:
        for _ in range(2):
            assert collector(*words("--to", port.address)) == 0
    first, second = (decode(datagram) for datagram in port.datagrams)
    assert isinstance(first, Secured)
    assert isinstance(second, Secured)
    assert (first.boots, second.boots) == (1, 1)
    assert 2**31 > second.time >= first.time > 190_000_000
    assert first.message_id != second.message_id


def test_an_inform_goes_to_the_engine_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine()
    with listening(engine) as port:
        assert collector(*words("--to", port.address, "--inform", "--count", "3")) == 0
    assert [(trap.pdu, trap.trap_oid) for trap in engine.took] == [(Pdu.INFORM, HEALTH)] * 3
    for trap in engine.took:
        assert trap.secured is not None
        assert (trap.secured.boots, trap.secured.flags) == (7, 7)
        assert 1_000 <= trap.secured.time < 1_010
    assert "3 v3 informs sent" in capsys.readouterr().out


@pytest.mark.parametrize("level", [PLAIN, SIGNED])
def test_an_inform_may_be_less_protected(level: SecurityLevel) -> None:
    engine = Engine(replace(USER, min_level=level))
    with listening(engine) as port:
        assert collector(*words("--to", port.address, "--inform", auth=level > PLAIN, priv=False)) == 0
    assert len(engine.took) == 1


def test_an_inform_out_of_time_is_made_anew() -> None:
    engine = Engine(wants=(9, range(50_000, 50_100)))
    with listening(engine) as port:
        assert collector(*words("--to", port.address, "--inform")) == 0
    assert len(port.datagrams) == 3
    assert len(engine.took) == 1


def test_only_who_has_the_key_can_say_that_it_is_out_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    def unsigned(engine: Engine, secured: Secured, opened: Opened) -> bytes:
        return engine.report(secured, UsmStatistic.NOT_IN_TIME_WINDOWS)

    with listening(Engine(answer=unsigned)) as port:
        assert collector(*words("--to", port.address, "--inform")) == 1
    assert "out of its time window" in capsys.readouterr().err


@pytest.mark.parametrize("level", [PLAIN, SIGNED])
def test_an_answer_that_is_less_protected_is_none(level: SecurityLevel, capsys: pytest.CaptureFixture[str]) -> None:
    def exposed(engine: Engine, secured: Secured, opened: Opened) -> bytes:
        return engine.response(secured, opened, level)

    with listening(Engine(answer=exposed)) as port:
        assert collector(*words("--to", port.address, "--inform", "--retries", "1", "--timeout", "0.05")) == 1
    assert "no answer from" in capsys.readouterr().err


def test_an_answer_to_something_else_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    def other(engine: Engine, secured: Secured, opened: Opened) -> bytes:
        return engine.response(replace(secured, message_id=secured.message_id ^ 1), opened)

    with listening(Engine(answer=other)) as port:
        assert collector(*words("--to", port.address, "--inform", "--retries", "0", "--timeout", "0.05")) == 1
    assert "no answer from" in capsys.readouterr().err


def test_a_wrong_pass_phrase_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(Engine(replace(USER, auth=b"another one"))) as port:
        assert collector(*words("--to", port.address, "--inform")) == 1
    assert "wrong digest: another authentication protocol or pass phrase" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [None, b"", b"\x30\x00"])
def test_an_engine_that_does_not_tell_itself_takes_no_informs(answer: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(lambda _: answer) as port:
        assert collector(*words("--to", port.address, "--inform", "--retries", "1", "--timeout", "0.05")) == 1
    assert len(port.datagrams) == 2
    assert "does not tell its engine" in capsys.readouterr().err


def test_a_pass_phrase_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "auth").write_bytes(USER.auth + b"\r\nmore\n")
    with listening() as port:
        assert collector(*words("--to", port.address, "--auth", f"file:{tmp_path}/auth", auth=False)) == 0
    trap_of(port.datagrams[0], USER)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param(["--auth", "my secret pass phrase"], "must be file:PATH or env:NAME", id="a pass phrase itself"),
        pytest.param(["--auth", "pass:word"], "must be file:PATH or env:NAME", id="a pass phrase with a colon"),
        pytest.param(["--auth", "env:NO_SUCH_VARIABLE"], "no such variable", id="no such variable"),
        pytest.param(["--auth", "file:/no/such/file"], "cannot be read: No such file", id="no such file"),
        pytest.param(["--priv", "env:SHORT"], "at least 8 characters", id="a short pass phrase"),
        pytest.param(["--engine-id", "80001f"], "5 to 32 octets", id="a short engine ID"),
        pytest.param(["--engine-id", ENGINE.hex(), "--inform"], "the receiver's", id="an engine ID for informs"),
        pytest.param(["--user", "x" * 33], "1 to 32 octets", id="a long user name"),
        pytest.param(["--version", "v2c"], "belong to --version v3", id="another version"),
        pytest.param(["--enterprise", "1.3.6.1"], "a v3 notification needs --oid", id="an enterprise"),
    ],
)
def test_wrong_usage_is_told_without_secrets(
    more: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHORT", "7 chars")
    assert collector(*words(*more)) == 2
    error = capsys.readouterr().err
    assert told in error
    assert not any(secret in error for secret in ("my secret", "pass:word", "7 chars"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param([], "needs --user", id="nobody"),
        pytest.param(["--user", "console-1", "--priv", "env:PRIV_PASS_PHRASE"], "without --auth", id="privacy alone"),
    ],
)
def test_a_user_who_is_none_is_told(given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert collector("send-trap", "--version", "v3", "--oid", HEALTH, *given) == 2
    assert told in capsys.readouterr().err
