"""Reading the settings: what wins over what, and which sentence every mistake gets."""

from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import event, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from collector.config import ListenAddress, Role, Settings, load
from collector.config.keys import Key, all_keys
from collector.domain.errors import ConfigurationError

BAD = sorted((Path(__file__).parent / "bad").glob("*.toml"))


def mistakes(config: Path | None, environment: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(config, environment)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in BAD])
def test_a_bad_file_is_refused_with_the_sentence_in_its_first_line(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    place = f"{path}:{expected}" if not expected.startswith("0: ") else f"{path}: {expected[3:]}"
    assert mistakes(path, {}) == [place]


def test_without_file_and_environment_everything_is_at_its_default() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.store_url == f"sqlite:///{Path.cwd()}/var/collector.db"
    assert settings.api_url == "http://127.0.0.1:8080"


def test_the_file_named_by_the_variable_is_read_when_no_option_names_one(tmp_path: Path) -> None:
    named, option = tmp_path / "named.toml", tmp_path / "option.toml"
    named.write_text('site = "NAMED"', encoding="utf-8")
    option.write_text('site = "OPTION"', encoding="utf-8")
    assert load(None, {"COLLECTOR_CONFIG": str(named)}).site == "NAMED"
    assert load(option, {"COLLECTOR_CONFIG": str(named)}).site == "OPTION"


def test_an_empty_name_of_the_file_is_a_mistake_beside_an_option_it_does_not_matter(tmp_path: Path) -> None:
    option = tmp_path / "option.toml"
    option.write_text('site = "OPTION"', encoding="utf-8")
    said = "COLLECTOR_CONFIG: is empty; name the settings file, or do not set it"
    assert mistakes(None, {"COLLECTOR_CONFIG": "", "COLLECTOR__SITE": "ENV"}) == [said]
    assert load(option, {"COLLECTOR_CONFIG": ""}).site == "OPTION"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('site = "FILE"\n[process]\nbatch = 7\n[snmp]\nburst = 3', encoding="utf-8")
    settings = load(file, {"COLLECTOR__SITE": "ENV", "COLLECTOR__PROCESS__BATCH": "8"})
    assert (settings.site, settings.process.batch, settings.snmp.burst) == ("ENV", 8, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("127.0.0.1:1", ["127.0.0.1:1"], id="one"),
        pytest.param("127.0.0.1:1, 127.0.0.2:2", ["127.0.0.1:1", "127.0.0.2:2"], id="commas"),
        pytest.param('["127.0.0.1:1", "[::1]:2"]', ["127.0.0.1:1", "[::1]:2"], id="json"),
        pytest.param("[::1]:2,127.0.0.1:1", ["[::1]:2", "127.0.0.1:1"], id="an IPv6 address is not JSON"),
        pytest.param("", [], id="empty is off"),
        pytest.param("[]", [], id="empty JSON is off"),
    ],
)
def test_lists_in_the_environment_are_json_or_separated_by_commas(text: str, expected: list[str]) -> None:
    assert [str(address) for address in load(None, {"COLLECTOR__SNMP__LISTEN": text}).snmp.listen] == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "COLLECTOR__SMTP__SIZE_LIMIT",
            "25MB",
            "COLLECTOR__SMTP__SIZE_LIMIT: [smtp] size_limit: must be a whole number, not '25MB'",
            id="number",
        ),
        pytest.param(
            "COLLECTOR__JOURNAL__ALLOW_VOLATILE",
            "yes",
            "COLLECTOR__JOURNAL__ALLOW_VOLATILE: [journal] allow_volatile: must be true or false, not 'yes'",
            id="truth",
        ),
        pytest.param(
            "COLLECTOR__SNMP__LISTN",
            "x",
            "COLLECTOR__SNMP__LISTN: no key has this variable; did you mean COLLECTOR__SNMP__LISTEN?",
            id="unknown variable",
        ),
        pytest.param(
            "COLLECTOR__SNMP__BURST",
            "0",
            "COLLECTOR__SNMP__BURST: [snmp] burst: must be at least 1, not 0",
            id="bounds hold for variables too",
        ),
        pytest.param(
            "COLLECTOR__METRICS__LISTEN__HAND_OFF",
            "10.0.0.1:1",
            "COLLECTOR__METRICS__LISTEN__HAND_OFF: [metrics.listen] hand_off: must be a loopback address (metrics are shown to "
            "the outside under the API's address), not 10.0.0.1:1",
            id="nested table",
        ),
    ],
)
def test_a_bad_variable_is_named_with_its_key(name: str, text: str, expected: str) -> None:
    assert mistakes(None, {name: text}) == [expected]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('site = "x"\n[snmp]\nburst = 0\nlisten = ["a:1", "b:2"]\n', encoding="utf-8")
    found = mistakes(file, {"COLLECTOR__PROCESS__BATCH": "x", "COLLECTOR__NOTHING": "1"})
    assert [line.split(": ")[0] for line in found] == [
        f"{file}:1",
        f"{file}:3",
        f"{file}:4",
        f"{file}:4",
        "COLLECTOR__NOTHING",
        "COLLECTOR__PROCESS__BATCH",
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "no.toml", {}) == [f"{tmp_path}/no.toml: cannot be read: No such file or directory"]


@pytest.mark.parametrize("name", ["somebody", None])
def test_who_may_not_read_a_file_is_named(name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    def account(_: int) -> SimpleNamespace:
        if name is None:
            raise KeyError
        return SimpleNamespace(pw_name=name)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("os.geteuid", lambda: 4_711)
    monkeypatch.setattr("pwd.getpwuid", account)
    assert mistakes(tmp_path / "c.toml", {}) == [
        f"{tmp_path}/c.toml: cannot be read by the user {name or 4711}: Permission denied"
    ]


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'site = "\xff"')
    assert mistakes(file, {}) == [f"{file}: is not UTF-8 text"]


def test_a_variable_below_a_section_that_is_no_table_does_not_hide_the_mistake(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('snmp = "off"', encoding="utf-8")
    assert mistakes(file, {"COLLECTOR__SNMP__BURST": "5"}) == [f"{file}:1: snmp: must be a table with keys of its own, not 'off'"]


SECRET = "postgresql://collector:tell-nobody@db/collector"


def test_a_secret_comes_from_its_file_without_the_newline(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    config = tmp_path / "c.toml"
    config.write_text(f'[store]\nurl_file = "{secret}"', encoding="utf-8")
    wanted = "postgresql+psycopg://collector:tell-nobody@db/collector"
    assert load(config, {}).store_url == wanted
    assert load(None, {"COLLECTOR__STORE__URL_FILE": str(secret)}).store_url == wanted


TWINS = [key for key in all_keys().values() if key.is_secret]


@pytest.mark.parametrize("key", TWINS, ids=lambda key: key.variable)
@pytest.mark.parametrize("forms", [("",), ("_file",), ("", "_file")], ids=["value", "file", "both"])
@pytest.mark.parametrize("twin", [False, True], ids=["by value", "by file"])
def test_a_secret_of_the_environment_wins_over_either_form_of_it_in_the_file(
    tmp_path: Path, key: Key, forms: tuple[str, ...], *, twin: bool
) -> None:
    (table, name), file, config = key.path, tmp_path / "new", tmp_path / "c.toml"
    wanted = {"url": "sqlite:////srv/new.db", "key": "n" * 32}[name]
    file.write_text(wanted, encoding="utf-8")
    config.write_text("\n".join([f"[{table}]", *(f'{name}{form} = "/nonexistent"' for form in forms)]), encoding="utf-8")
    settings = load(config, {f"{key.variable}_FILE": str(file)} if twin else {key.variable: wanted})
    assert getattr(getattr(settings, table), name).get_secret_value() == wanted
    assert settings.secrets.file == (file if twin and name == "key" else None)


@pytest.mark.parametrize("key", TWINS, ids=lambda key: key.variable)
def test_both_forms_of_a_secret_in_the_environment_are_refused_by_their_variables(key: Key) -> None:
    assert mistakes(None, {key.variable: SECRET, f"{key.variable}_FILE": "/srv/secret"}) == [
        f"{key.variable}_FILE: [{key.path[0]}] {key.path[1]}_file: stands beside {key.variable}; only one of them can be"
    ]


def test_a_secret_is_never_printed() -> None:
    settings = load(None, {"COLLECTOR__STORE__URL": SECRET})
    assert "tell-nobody" not in f"{settings!r}{settings}{settings.store.model_dump()}{settings.store.model_dump_json()}"
    bad = mistakes(None, {"COLLECTOR__STORE__URL": "oracle://collector:tell-nobody@db/x"})
    assert "tell-nobody" not in "".join(bad)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(None, {}).snmp.burst = 3


def test_every_key_can_be_set_by_its_variable() -> None:
    other = {
        "COLLECTOR__SITE": "AB",
        "COLLECTOR__DATA_DIR": "/srv/x",
        "COLLECTOR__LANGUAGE": "en",
        "COLLECTOR__STORE__URL": "sqlite:////srv/y.db",
        "COLLECTOR__SNMP__LISTEN": "[::1]:1",
        "COLLECTOR__SNMP__RECEIVERS": "2",
        "COLLECTOR__SNMP__RECEIVE_BUFFER": "4096",
        "COLLECTOR__SNMP__RATE_LIMIT": "0",
        "COLLECTOR__SNMP__BURST": "1",
        "COLLECTOR__SNMP__CUSTOMER_RATE_LIMIT": "0",
        "COLLECTOR__SNMP__CUSTOMER_BURST": "1",
        "COLLECTOR__SNMP__TRUSTED_RELAYS": "192.0.2.0/24",
        "COLLECTOR__SNMP__ENGINE_ID": "80007ed905c0ffee",
        "COLLECTOR__SMTP__LISTEN": "127.0.0.1:2",
        "COLLECTOR__SMTP__LISTEN_TLS": "127.0.0.1:465",
        "COLLECTOR__SMTP__TLS_CERTIFICATE": "/srv/mx.crt",
        "COLLECTOR__SMTP__TLS_KEY": "/srv/mx.key",
        "COLLECTOR__SMTP__TLS_CLIENT_CA": "/srv/ca.crt",
        "COLLECTOR__SMTP__TLS_REQUIRED": "true",
        "COLLECTOR__SMTP__DOMAINS": "MAIL.example.org",
        "COLLECTOR__SMTP__SIZE_LIMIT": "1000",
        "COLLECTOR__SMTP__HOSTNAME": "mx.example.org",
        "COLLECTOR__SMTP__MAX_CONNECTIONS": "3",
        "COLLECTOR__SMTP__MAX_CONNECTIONS_PER_PEER": "2",
        "COLLECTOR__SMTP__TRUSTED_RELAYS": "192.0.2.0/24",
        "COLLECTOR__SMTP__AUTHSERV_IDS": "MX.example.org",
        "COLLECTOR__SMTP__SENDER_DOMAINS": "acme-sepm=ACME.example, beta=beta.example, acme-sepm=acme-alarms.example",
        "COLLECTOR__SMTP__MAX_RECIPIENTS": "1",
        "COLLECTOR__SMTP__MAX_ERRORS": "1",
        "COLLECTOR__SMTP__IDLE_SECONDS": "1",
        "COLLECTOR__SMTP__MAIL_SECONDS": "1",
        "COLLECTOR__API__LISTEN": "0.0.0.0:3",
        "COLLECTOR__API__URL": "https://collector.example.org/",
        "COLLECTOR__API__TRUSTED_PROXIES": "127.0.0.1/32, ::1/128",
        "COLLECTOR__JOURNAL__SEGMENT_BYTES": "4096",
        "COLLECTOR__JOURNAL__RETENTION_DAYS": "1",
        "COLLECTOR__JOURNAL__ALLOW_VOLATILE": "true",
        "COLLECTOR__PROCESS__BATCH": "1",
        "COLLECTOR__PROCESS__REFUSED_PER_PEER": "1",
        "COLLECTOR__PROCESS__REFUSED_PER_OUTCOME": "0",
        "COLLECTOR__HAND_OFF__KEEP_DAYS": "2",
        "COLLECTOR__HAND_OFF__NOTE_MINUTES": "1",
        "COLLECTOR__RULES__PACKS_DIR": "/srv/packs",
        "COLLECTOR__SLA__TIMEZONE": "America/Santiago",
        "COLLECTOR__SLA__HOURS": "08:00-12:00, 13:00-24:00",
        "COLLECTOR__SLA__ATTENTION_HOURS": "00:00-24:00",
        "COLLECTOR__SLA__OVERRIDES": "/srv/days.yaml",
        "COLLECTOR__SLA__NON_WORKING": "override, bridge_day",
        "COLLECTOR__SLA__RESPONSE_STARTS": "receipt",
        **{key.variable: "7" for path, key in all_keys().items() if path[:2] == ("sla", "targets")},
        "COLLECTOR__SECRETS__KEY": "k" * 32,
        "COLLECTOR__LOGS__LEVEL": "debug",
        "COLLECTOR__LOGS__FORMAT": "json",
        **{f"COLLECTOR__METRICS__LISTEN__{role.key.upper()}": "127.0.0.1:9" for role in Role},
    }
    assert set(other) == {key.variable for key in all_keys().values()}
    settings, default = load(None, other), Settings()
    for key in all_keys():
        assert _value(settings, key) != _value(default, key), key
    assert settings.smtp.domains == ("mail.example.org",)
    assert settings.smtp.authserv_ids == ("mx.example.org",)
    assert settings.smtp.domains_of_mailboxes == {"acme-sepm": ("acme.example", "acme-alarms.example"), "beta": ("beta.example",)}
    assert settings.api_url == "https://collector.example.org"
    assert settings.snmp.trusted_relays == (ip_network("192.0.2.0/24"),)
    assert settings.api.trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("::1/128"))
    assert settings.metrics.of(Role.SNMP) == ListenAddress("127.0.0.1", 9)
    assert settings.metrics.of(Role.SNMP, 1) == ListenAddress("127.0.0.1", 0)
    assert settings.process_names(Role.SNMP) == ["snmp", "snmp-1"]
    assert settings.metrics.of(Role.HAND_OFF) == ListenAddress("127.0.0.1", 9)
    assert dict(settings.listeners())["[api] listen"] == ListenAddress("0.0.0.0", 3)


def _value(settings: Settings, path: tuple[str, ...]) -> object:
    value: object = settings
    for name in path:
        value = getattr(value, name)
    return value


def _can_stand_alone(host: IPv4Address | IPv6Address) -> bool:
    return isinstance(host, IPv4Address) or (host.ipv4_mapped is None and not host.is_link_local)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        pytest.param("[fe80::1%eth0]:162", "fe80::1%eth0", id="link-local"),
        pytest.param("[FE80:0::1%eth0.7]:162", "fe80::1%eth0.7", id="canonical"),
        pytest.param("[::]:162", "::", id="every address"),
    ],
)
def test_an_ipv6_address_may_name_its_interface(text: str, host: str) -> None:
    assert ListenAddress.parse(text) == ListenAddress(host, 162)
    assert ListenAddress.parse(str(ListenAddress(host, 162))) == ListenAddress(host, 162)


@examples(deadline=None)
@given(st.ip_addresses().filter(_can_stand_alone), st.integers(0, 65535))
def test_an_address_reads_back_what_it_prints(host: object, port: int) -> None:
    text = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    address = ListenAddress.parse(text)
    assert address == ListenAddress.parse(str(address))
    assert address.port == port


@examples(deadline=None)
@given(st.text(max_size=30))
def test_no_text_makes_the_address_parser_fail_otherwise_than_with_a_value_error(text: str) -> None:
    try:
        address = ListenAddress.parse(text)
    except ValueError:
        return
    assert ListenAddress.parse(str(address)) == address


EXAMPLE = (Path(__file__).parents[3] / "deploy/collector.example.toml").read_text(encoding="utf-8")


@examples(deadline=None)
@given(st.integers(0, len(EXAMPLE)), st.integers(0, 20), st.text(max_size=10))
def test_a_damaged_file_is_read_or_refused_with_its_name_never_anything_else(position: int, removed: int, inserted: str) -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "c.toml"
        file.write_text(EXAMPLE[:position] + inserted + EXAMPLE[position + removed :], encoding="utf-8", newline="")
        try:
            settings = load(file, {})
        except ConfigurationError as refusal:
            told = [line.startswith(f"{file}:") for line in str(refusal).split("\n")]
            event("refused")
        else:
            told = [settings.site.isascii()]
            event("read")
    assert all(told)


@examples(deadline=None)
@given(st.sampled_from(sorted(all_keys().values(), key=lambda key: key.path)), st.text(max_size=40))
def test_any_text_in_a_variable_is_taken_or_refused_with_its_name(key: Key, text: str) -> None:
    try:
        load(None, {key.variable: text})
    except ConfigurationError as refusal:
        beside_others = ("is a listener of", "stands in [smtp] listen too", "needs [smtp]")
        told = str(refusal).startswith(f"{key.variable}: ") or any(reason in str(refusal) for reason in beside_others)
    else:
        told = True
    assert told
