"""The part `snmp:` of the customers file: v3 users as they are read, every mistake with its line, sources that clash."""

from typing import Any

import pytest

from collector.domain.errors import FileErrors
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.registry.file import read_customers

AUTH, PRIV, COMMUNITY = "first pass phrase", "second pass phrase", "c0mmunity"
USER = {"version": "v3", "user": "traps", "networks": '["192.0.2.0/24"]'}
SIGNED = {**USER, "auth": AUTH, "auth_protocol": "SHA-256"}
FULL = {**SIGNED, "priv": PRIV, "priv_protocol": "AES"}
OPEN = {**USER, "min_level": "noAuthNoPriv"}
V2C = {"version": "v2c", "community": COMMUNITY, "networks": '["192.0.2.0/24"]'}
FIRST_LINE = 7
"""Of the first key below `snmp:`."""


def source(name: str, keys: dict[str, str]) -> str:
    lines = [f"      - name: {name}", "        snmp:", *(f"          {key}: {value}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


def customers(*sources: str) -> str:
    return "customers:\n  - code: ACME\n    name: Acme\n    sources:\n" + "".join(sources)


def read(keys: dict[str, str]) -> SnmpAccess:
    [customer] = read_customers(customers(source("one", keys)), "c.yaml")
    access = customer.sources[0].record.snmp
    assert access is not None
    return access


def user(keys: dict[str, str]) -> SnmpUser:
    found = read(keys).user
    assert found is not None
    return found


def mistakes(text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileErrors) as raised:
        read_customers(text, "c.yaml")
    assert not [secret for secret in (AUTH, PRIV, COMMUNITY) if secret in f"{raised.value!r}{raised.value}"]
    return [(error.line, error.message) for error in raised.value.errors]


def test_a_user_with_everything_is_read_as_it_is_meant() -> None:
    keys = {
        **FULL,
        "engine_id": '["80001f8880e9bd0c1d", "0x80:00:00:00:01"]',
        "listener": '"[::1]:162"',
        "min_level": "authNoPriv",
    }
    access = read(keys)
    engine_ids = (bytes.fromhex("80001f8880e9bd0c1d"), bytes.fromhex("8000000001"))
    assert (access.version, access.listener, access.community) == ("v3", "[::1]:162", b"")
    assert access.user == SnmpUser(
        b"traps",
        AuthProtocol.SHA256,
        AUTH.encode(),
        PrivProtocol.AES128,
        PRIV.encode(),
        engine_ids,
        SecurityLevel.AUTH_NO_PRIV,
    )
    assert not [secret for secret in (AUTH, PRIV) if secret in repr(access)]


@pytest.mark.parametrize(
    ("keys", "level"),
    [
        pytest.param(FULL, SecurityLevel.AUTH_PRIV, id="nothing said"),
        pytest.param({**FULL, "min_level": "authNoPriv"}, SecurityLevel.AUTH_NO_PRIV, id="less will do"),
        pytest.param({**SIGNED, "min_level": "authNoPriv"}, SecurityLevel.AUTH_NO_PRIV, id="no encryption"),
        pytest.param({**SIGNED, "min_level": "noAuthNoPriv"}, SecurityLevel.NO_AUTH_NO_PRIV, id="not even what the user can"),
        pytest.param(OPEN, SecurityLevel.NO_AUTH_NO_PRIV, id="no pass phrase"),
    ],
)
def test_encryption_is_demanded_unless_the_file_says_that_less_will_do(keys: dict[str, str], level: SecurityLevel) -> None:
    assert user(keys).min_level is level


@pytest.mark.parametrize("auth", [protocol.value for protocol in AuthProtocol])
@pytest.mark.parametrize("priv", [protocol.value for protocol in PrivProtocol])
def test_every_protocol_can_be_named(auth: str, priv: str) -> None:
    found = user({**FULL, "auth_protocol": auth, "priv_protocol": priv})
    assert (found.auth_protocol, found.priv_protocol) == (AuthProtocol(auth), PrivProtocol(priv))


@pytest.mark.parametrize(("given", "automatic"), [("by_hand", False), ("automatic", True)])
def test_engines_are_approved_by_hand_unless_the_file_says_otherwise(given: str, automatic: bool) -> None:
    assert user({**FULL, "approve_engines": given}).approve_engines is automatic
    assert user(FULL).approve_engines is False


def test_a_listener_and_a_phrase_in_any_letters_are_taken() -> None:
    phrase = "contraseña ñandú \U0001f600"
    access = read({**V2C, "listener": "localhost:162"})
    assert access.listener == "127.0.0.1:162"
    assert user({**FULL, "auth": f'"{phrase}"'}).auth == phrase.encode()


def without(keys: dict[str, str], *names: str) -> dict[str, str]:
    return {key: value for key, value in keys.items() if key not in names}


def line_of(keys: dict[str, str], key: str) -> int:
    return FIRST_LINE + list(keys).index(key)


_MISTAKES: list[Any] = [
    pytest.param(without(USER, "user"), "version", "`snmp` needs `user`", id="no user"),
    pytest.param(
        USER,
        "user",
        "`min_level` is authPriv when absent, which needs `auth` and `priv`; if noAuthNoPriv will do, write "
        "`min_level: noAuthNoPriv`",
        id="no pass phrase and no level",
    ),
    pytest.param(
        SIGNED,
        "user",
        "which needs `priv`; if authNoPriv will do, write `min_level: authNoPriv`",
        id="no encryption and no level",
    ),
    pytest.param({**OPEN, "user": "u" * 33}, "user", "`user` is longer than 32 octets", id="long user"),
    pytest.param({**FULL, "community": COMMUNITY}, "community", "`community` is for v1 and v2c; v3 has `user`", id="both"),
    pytest.param({**V2C, "user": "traps"}, "user", "`user` is for v3; v2c has `community`", id="a user in v2c"),
    pytest.param({**V2C, "min_level": "authPriv"}, "min_level", "`min_level` is for v3; v2c has `community`", id="a level"),
    pytest.param({**V2C, "version": "2c"}, "version", "must be one of v1, v2c, v3; did you mean `v2c`?", id="2c"),
    pytest.param({**FULL, "auth": "7 chars"}, "auth", "`auth` must have at least 8 characters (RFC 3414, 11.2)", id="auth short"),
    pytest.param({**FULL, "priv": "7 chars"}, "priv", "`priv` must have at least 8 characters (RFC 3414, 11.2)", id="priv short"),
    pytest.param({**FULL, "auth": "a" * 256}, "auth", "`auth` is longer than 255 octets", id="auth long"),
    pytest.param({**FULL, "auth": "12345678"}, "auth", "`auth` must be text: put it in quotes", id="a number as pass phrase"),
    pytest.param(
        without(FULL, "auth_protocol"), "auth", "`auth` needs `auth_protocol`: one of MD5, SHA, SHA-224", id="no auth protocol"
    ),
    pytest.param(without(FULL, "auth"), "auth_protocol", "`auth_protocol` needs `auth`, the pass phrase", id="no auth phrase"),
    pytest.param(
        without(FULL, "priv_protocol"), "priv", "`priv` needs `priv_protocol`: one of DES, 3DES, AES", id="no priv protocol"
    ),
    pytest.param(without(FULL, "priv"), "priv_protocol", "`priv_protocol` needs `priv`, the pass phrase", id="no priv phrase"),
    pytest.param(
        without(FULL, "auth", "auth_protocol"),
        "priv",
        "`priv` needs `auth`: there is no level that only encrypts",
        id="only priv",
    ),
    pytest.param(
        {**SIGNED, "min_level": "authPriv"}, "min_level", "authPriv needs `priv`: this user reaches authNoPriv", id="level"
    ),
    pytest.param({**USER, "min_level": "authNoPriv"}, "min_level", "needs `auth`: this user reaches noAuthNoPriv", id="level 2"),
    pytest.param(
        {**FULL, "min_level": "AuthPriv"},
        "min_level",
        "noAuthNoPriv, authNoPriv, authPriv; did you mean `authPriv`?",
        id="unknown level",
    ),
    pytest.param({**FULL, "engine_id": '"80001f88"'}, "engine_id", "5 to 32 octets in hexadecimal digits", id="short engine"),
    pytest.param({**FULL, "engine_id": f'"{"80" * 33}"'}, "engine_id", "5 to 32 octets in hexadecimal digits", id="long engine"),
    pytest.param({**FULL, "engine_id": "[sepm-1]"}, "engine_id", "5 to 32 octets in hexadecimal digits", id="no engine"),
    pytest.param({**FULL, "engine_id": '"0000000000"'}, "engine_id", "00 or ff alone is nobody's", id="zeros"),
    pytest.param({**FULL, "engine_id": "[]"}, "engine_id", "`engine_id` must not be empty; leave it out", id="no engines"),
    pytest.param({**FULL, "listener": "here"}, "listener", "`listener`: must be host:port", id="a word as listener"),
    pytest.param({**FULL, "listener": '"example.org:162"'}, "listener", "names are not looked up", id="a name as listener"),
    pytest.param({**OPEN, "approve_engines": "automatic"}, "approve_engines", "automatic needs `auth`", id="anybody's engine"),
    pytest.param({**FULL, "approve_engines": "auto"}, "approve_engines", "automatic; did you mean `automatic`?", id="approve"),
    pytest.param({**FULL, "approve_engines": "true"}, "approve_engines", "must be one of by_hand, automatic", id="approve, true"),
    pytest.param(
        {**FULL, "engine_id": '"8000000001"', "approve_engines": "automatic"},
        "approve_engines",
        "automatic and `engine_id` exclude each other",
        id="named and automatic",
    ),
    pytest.param(
        {**V2C, "networks": '["::ffff:192.0.2.0/120"]'}, "networks", "IPv4 is written as such, 192.0.2.0/24", id="mapped"
    ),
]


@pytest.mark.parametrize(("keys", "key", "told"), _MISTAKES)
def test_a_mistake_is_told_with_the_line_of_its_key(keys: dict[str, str], key: str, told: str) -> None:
    found = mistakes(customers(source("one", keys)))
    assert [line for line, _ in found] == [line_of(keys, key)]
    assert told in found[0][1]


@pytest.mark.parametrize(
    ("key", "given", "meant"),
    [
        *(("auth_protocol", given, "SHA") for given in ("SHA1", "sha-1", "HMAC-SHA-1", "sha")),
        *(("auth_protocol", given, "SHA-256") for given in ("SHA256", "hmac-sha256", "SHA-255")),
        ("auth_protocol", "MD-5", "MD5"),
        *(("priv_protocol", given, "AES") for given in ("AES128", "aes-128", "AES_128")),
        *(("priv_protocol", given, "AES-256") for given in ("AES256", "aes_256")),
        *(("priv_protocol", given, "AES-256-C") for given in ("AES256C", "aes-256c")),
        *(("priv_protocol", given, "3DES") for given in ("DES3", "3DES-EDE", "TripleDES")),
    ],
)
def test_the_protocol_that_was_meant_is_suggested(key: str, given: str, meant: str) -> None:
    [(_, told)] = mistakes(customers(source("one", {**FULL, key: f'"{given}"'})))
    assert told.endswith(f"; did you mean `{meant}`?")
    assert given not in told.replace(meant, "")


def test_a_pass_phrase_in_the_place_of_its_protocol_is_not_repeated() -> None:
    swapped = {**FULL, "auth_protocol": AUTH, "auth": "SHA-256"}
    assert [line for line, _ in mistakes(customers(source("one", swapped)))] == [
        line_of(swapped, "auth"),
        line_of(swapped, "auth_protocol"),
    ]


def test_several_mistakes_of_one_source_are_told_at_once() -> None:
    keys = {**FULL, "auth": "short", "priv_protocol": "ROT13", "listener": "x", "engine_id": "x"}
    assert sorted(line for line, _ in mistakes(customers(source("one", keys)))) == sorted(
        line_of(keys, key) for key in ("auth", "priv_protocol", "listener", "engine_id")
    )


ENGINE_1, ENGINE_2 = '"8000000001"', '"8000000002"'

_TOGETHER = [
    pytest.param(FULL, {**FULL, "networks": '["192.0.2.128/25"]'}, True, id="the same user"),
    pytest.param(FULL, {**FULL, "auth": "another pass phrase"}, True, id="a pass phrase does not tell apart what a header shows"),
    pytest.param(FULL, {**FULL, "user": "others"}, False, id="other users"),
    pytest.param(FULL, {**FULL, "user": "Traps"}, False, id="other users by a capital"),
    pytest.param(FULL, {**FULL, "networks": '["198.51.100.0/24"]'}, False, id="other networks"),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1}, {**FULL, "engine_id": ENGINE_2}, True, id="informs say nothing of the console's engine"
    ),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1},
        {**FULL, "engine_id": ENGINE_2, "auth": "another pass phrase"},
        False,
        id="other engines and pass phrases",
    ),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1}, {**FULL, "engine_id": ENGINE_2, "priv": "another pass phrase"}, True, id="one `auth`"
    ),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1}, {**FULL, "engine_id": ENGINE_2, "auth_protocol": "MD5"}, False, id="other digests"
    ),
    pytest.param(
        {**OPEN, "engine_id": ENGINE_1}, {**OPEN, "engine_id": ENGINE_2}, True, id="informs that anybody could have sent"
    ),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1, "min_level": "noAuthNoPriv"},
        {**FULL, "engine_id": ENGINE_2, "min_level": "noAuthNoPriv", "auth": "another pass phrase"},
        True,
        id="unsigned informs, whatever the pass phrases",
    ),
    pytest.param({**FULL, "engine_id": ENGINE_1}, {**OPEN, "engine_id": ENGINE_2}, False, id="signed and unsigned"),
    pytest.param(
        {**FULL, "engine_id": ENGINE_1, "listener": "127.0.0.1:162"},
        {**FULL, "engine_id": ENGINE_2, "listener": "127.0.0.1:1162"},
        False,
        id="other engines and listeners",
    ),
    pytest.param({**FULL, "engine_id": ENGINE_1}, FULL, True, id="one of them with any engine"),
    pytest.param(
        {**FULL, "engine_id": f"[{ENGINE_1}, {ENGINE_2}]"}, {**FULL, "engine_id": ENGINE_2}, True, id="one engine in common"
    ),
    pytest.param({**FULL, "listener": "127.0.0.1:162"}, {**FULL, "listener": "127.0.0.1:1162"}, False, id="other listeners"),
    pytest.param({**FULL, "listener": "127.0.0.1:162"}, FULL, True, id="one of them at any listener"),
    pytest.param({**FULL, "listener": "127.0.0.1:162"}, {**FULL, "listener": "localhost:162"}, True, id="one listener"),
    pytest.param(V2C, {**V2C, "version": "v1"}, True, id="v1 and v2c share communities"),
    pytest.param(V2C, {**V2C, "listener": "127.0.0.1:162"}, True, id="a community at any listener"),
    pytest.param(
        {**V2C, "listener": "127.0.0.2:162"}, {**V2C, "listener": "127.0.0.1:162"}, False, id="a community, two listeners"
    ),
    pytest.param(V2C, {**FULL, "user": COMMUNITY}, False, id="a user who is called like a community"),
    pytest.param(V2C, {**V2C, "networks": '["::/0"]'}, False, id="IPv4 is in no network of IPv6"),
    pytest.param({**V2C, "networks": '["0.0.0.0/0"]'}, V2C, True, id="everywhere"),
]


@pytest.mark.parametrize(("one", "two", "clash"), _TOGETHER)
def test_two_sources_that_could_both_be_meant_are_a_mistake(one: dict[str, str], two: dict[str, str], clash: bool) -> None:
    text = customers(source("one", one), source("two", two))
    if not clash:
        read_customers(text, "c.yaml")
        return
    [(line, told)] = mistakes(text)
    assert line == FIRST_LINE + len(one)
    assert told.startswith("ACME/one and ACME/two could both be meant by one ")
    assert ": same " in told
