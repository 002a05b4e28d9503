"""What is said of sources whose pass phrases are shared. No phrase stands in it."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpAccess, SnmpUser
from collector.registry.weaknesses import Owned, weaknesses

PHRASE = b"a phrase that is shared"
DANGER = "whoever has it from one of these consoles can read or forge what another one sends"


def a_console(owner: str, auth: bytes = b"", priv: bytes = b"", *, automatic: bool = False) -> Owned:
    """With pass phrases of its own where none are given."""
    auth, priv = auth or f"auth of {owner}".encode(), priv or f"priv of {owner}".encode()
    user = SnmpUser(b"traps", AuthProtocol.SHA256, auth, PrivProtocol.AES128, priv, approve_engines=automatic)
    return owner, SnmpAccess("v3", (ip_network("192.0.2.0/24"),), user=user)


def told(*sources: Owned, beside: tuple[Owned, ...] = ()) -> list[str]:
    found = weaknesses(sources, beside)
    assert PHRASE.decode() not in "".join(found)
    return found


def test_consoles_with_pass_phrases_of_their_own_are_fine() -> None:
    assert told(a_console("ACME/a", automatic=True), a_console("ACME/b"), a_console("BETA/a", automatic=True)) == []


def test_a_console_may_have_one_phrase_for_both() -> None:
    assert told(a_console("ACME/a", PHRASE, PHRASE, automatic=True)) == []


def test_consoles_of_one_customer_may_share_while_people_approve_their_engines() -> None:
    assert told(a_console("ACME/a", PHRASE), a_console("ACME/b", PHRASE)) == []


def test_a_phrase_across_customers_is_told_in_any_case() -> None:
    expected = [f"ACME/a, BETA/b: share a pass phrase across customers; {DANGER}; give each customer its own"]
    assert told(a_console("ACME/a", PHRASE), a_console("ACME/c"), a_console("BETA/b", PHRASE)) == expected
    assert told(a_console("ACME/a", PHRASE), a_console("BETA/b", priv=PHRASE)) == expected


def test_a_shared_phrase_with_engines_that_need_no_approval_is_told() -> None:
    [sentence] = told(a_console("ACME/a", PHRASE), a_console("ACME/b", PHRASE, automatic=True))
    unasked = "engines of ACME/b need no approval (`approve_engines: automatic`)"
    assert sentence == f"ACME/a, ACME/b: share a pass phrase; {DANGER}, and {unasked}; give each console its own"


def test_sources_that_share_both_phrases_are_told_once() -> None:
    assert len(told(a_console("ACME/a", PHRASE, b"the other one"), a_console("BETA/a", PHRASE, b"the other one"))) == 1


def test_a_phrase_that_is_another_one_repeated_is_the_same_one() -> None:
    """RFC 3414 section A.2 makes the same keys of both."""
    assert len(told(a_console("ACME/a", PHRASE), a_console("BETA/a", PHRASE * 3))) == 1
    assert told(a_console("ACME/a", PHRASE), a_console("BETA/a", PHRASE + PHRASE[:5])) == []


def test_of_sources_beside_only_what_they_share_is_told() -> None:
    weak = replace(a_console("BETA/weak")[1].user or SnmpUser(b""), auth_protocol=AuthProtocol.MD5, auth=PHRASE)
    beside = (
        ("BETA/weak", SnmpAccess("v3", (), user=weak)),
        a_console("GAMMA/a", b"another phrase"),
        a_console("ACME/z", PHRASE),
    )
    assert told(a_console("DELTA/a", b"and another"), beside=beside) == []
    [sentence] = told(a_console("ACME/a", PHRASE), beside=beside)
    assert sentence.startswith("ACME/a, BETA/weak, ACME/z: share a pass phrase across customers; ")


def test_of_many_sources_some_are_named() -> None:
    [sentence] = told(*(a_console(f"C{number}/a", PHRASE) for number in range(3000)))
    assert sentence.startswith("C0/a, C1/a, C2/a, C3/a, C4/a and 2995 more: share a pass phrase")


@pytest.mark.parametrize("user", [SnmpUser(b"open"), None], ids=["without authentication", "v2c"])
def test_those_without_a_pass_phrase_share_none(user: SnmpUser | None) -> None:
    sources = [(owner, SnmpAccess("v3" if user else "v2c", (), community=b"public", user=user)) for owner in ("ACME/a", "BETA/a")]
    assert "share" not in " ".join(told(*sources))
