"""What the key ring keeps, and what strangers can make it do."""

import secrets
import threading
from dataclasses import replace

import pytest

from collector.domain.outcome import Reason
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel
from collector.domain.trap import NotDecoded, Trap
from receivers.snmp import usm, usm_keys
from receivers.snmp.usm import KeyRing
from receivers.snmp.usm_keys import master_key
from tests import snmp_wire as wire
from tests.snmp_v3_kit import USER, sealed, unlocked

PLAIN_USER = replace(USER, priv_protocol=None, priv=b"", min_level=SecurityLevel.AUTH_NO_PRIV)
REEDER_USER = replace(USER, priv_protocol=PrivProtocol.AES256_C)


def engine(number: int) -> bytes:
    return b"\x80\x00\x1f\x88\x05" + number.to_bytes(8, "big")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was hashed a MiB long: pass phrases, and keys that are lengthened as if they were one."""
    seen: list[bytes] = []

    def counting(protocol: AuthProtocol, pass_phrase: bytes) -> bytes:
        seen.append(pass_phrase)
        return master_key(protocol, pass_phrase)

    monkeypatch.setattr(usm, "master_key", counting)
    monkeypatch.setattr(usm_keys, "master_key", counting)
    return seen


def test_forgeries_from_any_number_of_engines_cost_one_hash_and_leave_nothing_behind(hashed: list[bytes]) -> None:
    stranger = replace(REEDER_USER, auth=b"something else")
    datagrams = [sealed(user=stranger, engine_id=engine(number)) for number in range(20)]
    hashed.clear()
    ring = KeyRing()

    for datagram in datagrams:
        result = unlocked(datagram, REEDER_USER, ring)
        assert isinstance(result, NotDecoded)
        assert result.reason is Reason.WRONG_DIGEST

    assert hashed == [REEDER_USER.auth]
    assert not ring._kept


def test_a_message_below_the_level_or_with_a_digest_of_another_length_costs_no_hash(hashed: list[bytes]) -> None:
    datagrams = [sealed(level=SecurityLevel.AUTH_NO_PRIV), sealed(user=replace(USER, auth_protocol=AuthProtocol.SHA512))]
    hashed.clear()
    ring = KeyRing()

    for datagram in datagrams:
        assert isinstance(unlocked(datagram, USER, ring), NotDecoded)

    assert hashed == []


def test_a_pass_phrase_is_hashed_once_for_all_engines(hashed: list[bytes]) -> None:
    datagrams = [sealed(engine_id=engine(number)) for number in range(5)]
    hashed.clear()
    ring = KeyRing()

    for datagram in [*datagrams, *datagrams]:
        assert isinstance(unlocked(datagram, USER, ring), Trap)

    assert hashed == [USER.auth, USER.priv]
    assert len(ring._kept) == 5


def test_a_key_that_is_lengthened_by_a_long_hash_is_made_once_for_an_engine(hashed: list[bytes]) -> None:
    datagram = sealed(user=REEDER_USER)
    hashed.clear()
    ring = KeyRing()

    for _ in range(3):
        assert isinstance(unlocked(datagram, REEDER_USER, ring), Trap)

    assert len(hashed) == 3  # both pass phrases, and the short key


def test_the_keys_of_engines_are_bounded_and_what_was_used_longest_ago_goes_first() -> None:
    ring = KeyRing(local_keys=3)
    datagrams = [sealed(engine_id=engine(number)) for number in range(6)]

    for datagram in datagrams:
        assert isinstance(unlocked(datagrams[0], USER, ring), Trap)
        assert isinstance(unlocked(datagram, USER, ring), Trap)
        assert len(ring._kept) <= 3

    assert [engine_id for _, engine_id in ring._kept] == [engine(4), engine(0), engine(5)]


def test_hashed_pass_phrases_are_bounded(hashed: list[bytes]) -> None:
    users = [replace(PLAIN_USER, auth=f"pass phrase {number}".encode()) for number in range(4)]
    datagrams = [sealed(user=user, level=SecurityLevel.AUTH_NO_PRIV) for user in users]
    hashed.clear()
    ring = KeyRing(master_keys=2, local_keys=1)

    for _ in range(2):
        for user, datagram in zip(users, datagrams, strict=True):
            assert isinstance(unlocked(datagram, user, ring), Trap)

    assert hashed == [user.auth for user in users] * 2


def test_users_of_one_name_and_engine_keep_keys_of_their_own() -> None:
    """Consoles cloned from one image have the same engine ID, whoever owns them."""
    ring = KeyRing()
    other = replace(USER, auth=b"auth of another customer", priv=b"priv of another customer")
    ours, theirs = sealed(), sealed(user=other)

    for _ in range(3):
        assert isinstance(unlocked(ours, USER, ring), Trap)
        assert isinstance(unlocked(theirs, other, ring), Trap)
        assert isinstance(unlocked(ours, other, ring), NotDecoded)
        assert isinstance(unlocked(theirs, USER, ring), NotDecoded)


def test_a_changed_pass_phrase_counts_from_the_next_message() -> None:
    ring = KeyRing()
    datagram = sealed()
    assert isinstance(unlocked(datagram, USER, ring), Trap)

    assert isinstance(unlocked(datagram, replace(USER, auth=b"the new one"), ring), NotDecoded)
    assert isinstance(unlocked(datagram, replace(USER, priv=b"the new one"), ring), NotDecoded)


def test_keys_to_seal_with_are_those_to_open_with() -> None:
    ring = KeyRing()
    keys = ring.keys(USER, wire.ENGINE)

    assert isinstance(unlocked(sealed(), USER, ring), Trap)
    assert ring.keys(USER, wire.ENGINE) is keys


@pytest.mark.parametrize("cipher", list(PrivProtocol))
def test_threads_may_share_a_ring(cipher: PrivProtocol) -> None:
    user, ring = replace(USER, priv_protocol=cipher), KeyRing()
    datagrams = [sealed(wire.scoped(wire.v2_pdu(wire.uptime(number))), user=user) for number in range(20)]
    wrong: list[object] = []

    def work() -> None:
        for place in [secrets.randbelow(20) for _ in range(200)]:
            result = unlocked(datagrams[place], user, ring)
            if not isinstance(result, Trap) or result.uptime != place:
                wrong.append(result)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
