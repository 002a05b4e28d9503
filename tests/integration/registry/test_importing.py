"""Importing customers on both databases: the difference first, then all of it or nothing, and never a community in sight."""

from contextlib import nullcontext

import pytest

from collector.domain.errors import ConfigurationError, FileErrors
from collector.registry.file import read_customers
from collector.registry.importing import import_customers
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.registry import load_registry, registry_version
from tests.builders import BOX

FILE = """\
customers:
  - code: ACME
    name: Acme S.A.
    sources:
      - {name: sepm-1, product: [symantec-sepm], mailbox: acme-sepm}
      - {name: proxy-1, snmp: {version: v2c, community: s3cret-one, networks: ["192.0.2.0/24"]}}
"""


V3_FILE = """\
customers:
  - code: ACME
    name: Acme S.A.
    sources:
      - name: sepm-1
        snmp:
          version: v3
          user: traps
          auth: s3cret-auth
          auth_protocol: SHA-256
          priv: s3cret-priv
          priv_protocol: AES
          engine_id: "8000000001"
          networks: ["192.0.2.0/24"]
"""


def imported(store: Store, text: str, *, dry_run: bool = False) -> tuple[str, ...]:
    customers = read_customers(text, "customers.yaml")
    return import_customers(store, customers, file="customers.yaml", dry_run=dry_run, turn=nullcontext, box=BOX).lines


def state(store: Store) -> tuple[object, ...]:
    with store.read() as connection:
        registry = load_registry(connection, BOX)
    return (registry.version, registry.customers, registry.sources)


def test_the_first_import_tells_what_is_new_and_writes_it(store: Store) -> None:
    assert imported(store, FILE) == (
        "+ customer ACME: Acme S.A.",
        "+ source ACME/sepm-1: mailbox acme-sepm",
        "+ source ACME/proxy-1: snmp v2c from 192.0.2.0/24",
    )
    with store.read() as connection:
        registry = load_registry(connection, BOX)
    assert [(source.customer.code, source.name) for source in registry.sources] == [("ACME", "sepm-1"), ("ACME", "proxy-1")]
    assert registry.version == 1


def test_a_new_source_is_told_with_its_listener(store: Store) -> None:
    told = imported(store, FILE.replace("version: v2c", 'version: v2c, listener: "192.0.2.1:162"'))
    assert told[-1] == "+ source ACME/proxy-1: snmp v2c from 192.0.2.0/24, listener 192.0.2.1:162"


def test_the_same_file_again_changes_nothing(store: Store) -> None:
    imported(store, FILE)
    before = state(store)
    assert imported(store, FILE) == ()
    assert state(store) == before


def test_a_dry_run_tells_the_same_and_writes_nothing(store: Store) -> None:
    before = state(store)
    told = imported(store, FILE, dry_run=True)
    assert state(store) == before
    assert imported(store, FILE) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("Acme S.A.", "Acme Ltd.", "~ customer ACME: Acme S.A. (es) → Acme Ltd. (es)", id="a name"),
        pytest.param("acme-sepm", "acme-2", "~ source ACME/sepm-1: mailbox: acme-sepm → acme-2", id="a mailbox"),
        pytest.param("[symantec-sepm]", "[ses]", "~ source ACME/sepm-1: products: symantec-sepm → ses", id="a product"),
        pytest.param("v2c", "v1", "~ source ACME/proxy-1: snmp version: v2c → v1", id="a version"),
        pytest.param("s3cret-one", "s3cret-two", "~ source ACME/proxy-1: snmp community: changed", id="a community"),
        pytest.param(
            '"192.0.2.0/24"',
            '"192.0.2.0/25", "2001:db8::/32"',
            "~ source ACME/proxy-1: snmp networks: 192.0.2.0/24 → 192.0.2.0/25, 2001:db8::/32",
            id="networks",
        ),
    ],
)
def test_a_change_is_told_and_written(store: Store, old: str, new: str, told: str) -> None:
    imported(store, FILE)
    assert imported(store, FILE.replace(old, new)) == (told,)
    assert imported(store, FILE.replace(old, new)) == ()
    with store.read() as connection:
        assert registry_version(connection) == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("user: traps", "user: others", "snmp user: traps → others", id="user"),
        pytest.param("s3cret-auth", "s3cret-other", "snmp auth: changed", id="pass phrase"),
        pytest.param("s3cret-priv", "s3cret-other", "snmp priv: changed", id="other pass phrase"),
        pytest.param("SHA-256", "SHA-512", "snmp auth_protocol: SHA-256 → SHA-512", id="digest"),
        pytest.param("AES", "AES-256-C", "snmp priv_protocol: AES → AES-256-C", id="cipher"),
        pytest.param(
            '"8000000001"',
            '["8000000001", "80:00:00:00:02"]',
            "snmp engine_id: 8000000001 → 8000000001, 8000000002",
            id="engines",
        ),
        pytest.param(
            'engine_id: "8000000001"',
            "min_level: authNoPriv",
            "snmp engine_id: 8000000001 → nothing; snmp min_level: authPriv → authNoPriv",
            id="level",
        ),
        pytest.param(
            'engine_id: "8000000001"',
            "approve_engines: automatic",
            "snmp engine_id: 8000000001 → nothing; snmp approve_engines: by_hand → automatic",
            id="approval",
        ),
        pytest.param(
            "user: traps", 'user: traps\n          listener: "[::1]:162"', "snmp listener: nothing → [::1]:162", id="listener"
        ),
    ],
)
def test_every_part_of_a_v3_access_is_compared_and_pass_phrases_are_not_shown(
    store: Store, old: str, new: str, told: str
) -> None:
    assert imported(store, V3_FILE) == (
        "+ customer ACME: Acme S.A.",
        "+ source ACME/sepm-1: snmp v3 user traps from 192.0.2.0/24",
    )
    assert imported(store, V3_FILE) == ()
    assert imported(store, V3_FILE.replace(old, new)) == (f"~ source ACME/sepm-1: {told}",)
    assert imported(store, V3_FILE.replace(old, new)) == ()


def test_a_source_that_goes_from_a_community_to_a_user_tells_every_part(store: Store) -> None:
    text = V3_FILE.replace("sepm-1", "proxy-1")
    imported(store, FILE)
    [line] = imported(store, text)
    assert line == (
        "~ source ACME/proxy-1: snmp version: v2c → v3; snmp user: nothing → traps; snmp auth_protocol: nothing → SHA-256; "
        "snmp priv_protocol: nothing → AES; snmp engine_id: nothing → 8000000001; snmp min_level: nothing → authPriv; "
        "snmp approve_engines: nothing → by_hand; snmp community: changed; snmp auth: changed; snmp priv: changed"
    )
    without = "customers:\n  - {code: ACME, name: Acme S.A., sources: [{name: proxy-1, mailbox: proxy}]}\n"
    assert imported(store, without) == (
        "~ source ACME/proxy-1: mailbox: nothing → proxy; snmp: v3 user traps from 192.0.2.0/24 → nothing",
    )


def test_what_is_imported_is_sealed_in_the_store(store: Store) -> None:
    imported(store, FILE)
    imported(store, V3_FILE.replace("sepm-1", "sepm-3"))
    with store.read() as connection:
        told = str(connection.exec_driver_sql("SELECT snmp FROM sources").all())
        [user] = [source.snmp.user for source in load_registry(connection, BOX).sources if source.snmp and source.snmp.user]
    assert "s3cret" not in told
    assert (user.auth, user.priv) == (b"s3cret-auth", b"s3cret-priv")


def test_nothing_is_imported_while_a_secret_in_the_store_cannot_be_opened(store: Store) -> None:
    imported(store, FILE)
    before = state(store)
    customers = read_customers(V3_FILE, "customers.yaml")
    with pytest.raises(ConfigurationError, match="sealed with another key") as raised:
        import_customers(store, customers, file="x", dry_run=False, turn=nullcontext, box=SecretBox(["o" * 32]))
    assert "proxy-1" in str(raised.value)
    assert state(store) == before


def test_what_the_file_does_not_name_stays(store: Store) -> None:
    imported(store, FILE)
    beta = "customers:\n  - {code: BETA, name: Beta, sources: [{name: one, mailbox: beta}]}\n"
    assert imported(store, beta) == ("+ customer BETA: Beta", "+ source BETA/one: mailbox beta")
    with store.read() as connection:
        assert len(load_registry(connection, BOX).sources) == 3


def test_ids_stay_when_a_source_changes(store: Store) -> None:
    imported(store, FILE)
    with store.read() as connection:
        before = {source.name: source.id for source in load_registry(connection, BOX).sources}
    imported(store, FILE.replace("acme-sepm", "other"))
    with store.read() as connection:
        assert {source.name: source.id for source in load_registry(connection, BOX).sources} == before


def test_two_sources_may_exchange_their_mailboxes(store: Store) -> None:
    def file(one: str, two: str) -> str:
        return f"customers:\n  - {{code: A, name: A, sources: [{{name: one, mailbox: {one}}}, {{name: two, mailbox: {two}}}]}}\n"

    imported(store, file("x", "y"))
    assert imported(store, file("y", "x")) == ("~ source A/one: mailbox: x → y", "~ source A/two: mailbox: y → x")
    with store.read() as connection:
        assert [(source.name, source.mailbox) for source in load_registry(connection, BOX).sources] == [
            ("one", "y"),
            ("two", "x"),
        ]


_CLASHES = [
    pytest.param("{name: new, mailbox: acme-sepm}", "have the same mailbox acme-sepm", id="a mailbox"),
    pytest.param(
        "{name: new, snmp: {version: v3, user: traps, auth: s3cret-three, auth_protocol: MD5, min_level: authNoPriv, "
        'networks: ["0.0.0.0/0"]}}',
        "same user, overlapping networks, and no `engine_id` that tells them apart",
        id="a user",
    ),
    pytest.param(
        '{name: new, snmp: {version: v1, community: s3cret-one, networks: ["192.0.2.7/32"]}}',
        "could both be meant by one trap: same community, overlapping networks",
        id="a community",
    ),
]


@pytest.mark.parametrize("dry_run", [False, True], ids=["import", "dry run"])
@pytest.mark.parametrize(("source", "message"), _CLASHES)
def test_a_clash_with_what_is_in_the_store_is_told_with_its_line_and_nothing_is_written(
    store: Store, source: str, message: str, dry_run: bool
) -> None:
    imported(store, FILE)
    imported(store, V3_FILE.replace("sepm-1", "sepm-3"))
    before = state(store)
    text = f"customers:\n  - {{code: FIRST, name: First}}\n  - code: BETA\n    name: Beta\n    sources:\n      - {source}\n"
    with pytest.raises(FileErrors) as raised:
        imported(store, text, dry_run=dry_run)
    (error,) = raised.value.errors
    assert (error.file, error.line) == ("customers.yaml", 6)
    assert message in error.message
    assert "(in the store)" in error.message
    assert "s3cret" not in str(raised.value)
    assert state(store) == before


def test_no_line_of_an_import_shows_a_community(store: Store) -> None:
    changed = FILE.replace("s3cret-one", "s3cret-two")
    lines = imported(store, FILE) + imported(store, changed, dry_run=True) + imported(store, changed)
    assert len(lines) == 5
    assert all("s3cret" not in line for line in lines)


def test_an_import_that_fails_half_way_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: object) -> int:
        raise OSError(28, "no space left")

    monkeypatch.setattr("collector.registry.importing.raise_registry_version", fail)
    before = state(store)
    with pytest.raises(OSError, match="no space"):
        imported(store, FILE)
    assert state(store) == before
