"""What can be set, with defaults and bounds. Reading it from a file and the environment is in `load`."""

import re
import socket
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from collector.config.address import ListenAddress
from collector.domain.calendar import DayKind
from collector.domain.sla import ResponseStarts
from collector.domain.working_hours import WeeklyHours

DATA_DIR_MARK = "{data_dir}"
MOST_RECEIVERS = 16
"""Far above what a machine can use: the journal's disk and the processing of what was received are slower than that many."""
SHORTEST_KEY = 32
"""Characters of a key that seals secrets; a made one has 43 and 256 random bits."""
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_SENDER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}=(.+)")
_ENGINE_ID = re.compile(r"([0-9a-f]{2}){5,32}")
_WEB = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {value!r}")
    return value


def _address(value: object) -> ListenAddress:
    return value if isinstance(value, ListenAddress) else ListenAddress.parse(_text(value))


def _loopback(address: ListenAddress) -> ListenAddress:
    if not address.is_loopback:
        raise ValueError(f"must be a loopback address (metrics are shown to the outside under the API's address), not {address}")
    return address


def _network(value: object) -> IPv4Network | IPv6Network:
    return value if isinstance(value, IPv4Network | IPv6Network) else ip_network(_text(value))


def _domain(value: str) -> str:
    folded = value.casefold()
    if not _DOMAIN.fullmatch(folded):
        raise ValueError(f"must be a domain name, not {value!r}")
    return folded


def _sender(value: str) -> str:
    folded = value.casefold()
    found = _SENDER.fullmatch(folded)
    if not found or not _DOMAIN.fullmatch(found[1]) or "." not in found[1]:
        raise ValueError(f"must be a mailbox, = and a domain with a dot, such as acme-sepm=acme.example, not {value!r}")
    return folded


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    twice = [value for index, value in enumerate(values) if value in values[:index] and getattr(value, "port", None) != 0]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice")
    return values


def _directory(value: object) -> Path | None:
    text = str(value) if isinstance(value, Path) else _text(value)
    if "\0" in text:
        raise ValueError("a path cannot contain a zero character")
    return Path(text).absolute() if text else None


def _data_dir(value: object) -> Path:
    directory = _directory(value)
    if directory is None:
        raise ValueError("must name a directory")
    return directory


def _engine_id(value: str) -> str:
    """RFC 3411 section 5, SnmpEngineID."""
    if not value:
        return ""
    digits = value.removeprefix("0x").lower()
    if not _ENGINE_ID.fullmatch(digits) or not digits.strip("0") or not digits.strip("f"):
        raise ValueError("must be 5 to 32 octets in hexadecimal digits, neither all 00 nor all ff")
    return digits


def _web_address(value: str) -> str:
    if value and not _WEB.fullmatch(value):
        raise ValueError(f"must be an address such as https://collector.example.org, not {value!r}")
    return value.rstrip("/")


def _zone(value: str) -> str:
    """A zone that can be loaded. What loading one raises depends on what the name looks like as a path."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"must be a time zone such as America/Argentina/Buenos_Aires, not {value!r}") from None
    return value


def _hours(value: str) -> str:
    WeeklyHours.on_weekdays(value)
    return value


def _store_url(value: SecretStr) -> SecretStr:
    """The text may hold a password: no message repeats it."""
    url = value.get_secret_value()
    if url.startswith("sqlite:///") and url != "sqlite:///" and ":memory:" not in url:
        return value
    if re.match(r"postgresql(\+psycopg)?://", url):
        return SecretStr(url.replace("postgresql://", "postgresql+psycopg://", 1))
    raise ValueError("must begin with sqlite:///<file> or postgresql://<host>/<database>; a store in memory is not durable")


Address: TypeAlias = Annotated[ListenAddress, PlainValidator(_address)]
LoopbackAddress: TypeAlias = Annotated[ListenAddress, PlainValidator(_address), AfterValidator(_loopback)]
Addresses: TypeAlias = Annotated[tuple[Address, ...], BeforeValidator(_one_or_many), AfterValidator(_distinct)]
Network: TypeAlias = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
Networks: TypeAlias = Annotated[tuple[Network, ...], BeforeValidator(_one_or_many), AfterValidator(_distinct)]
Domain: TypeAlias = Annotated[StrictStr, AfterValidator(_domain)]
Domains: TypeAlias = Annotated[tuple[Domain, ...], BeforeValidator(_one_or_many), AfterValidator(_distinct)]
Senders: TypeAlias = Annotated[
    tuple[Annotated[StrictStr, AfterValidator(_sender)], ...], BeforeValidator(_one_or_many), AfterValidator(_distinct)
]
Count: TypeAlias = Annotated[StrictInt, Field(ge=0)]
Positive: TypeAlias = Annotated[StrictInt, Field(ge=1)]
Hours: TypeAlias = Annotated[StrictStr, AfterValidator(_hours)]
DayKinds: TypeAlias = Annotated[tuple[DayKind, ...], BeforeValidator(_one_or_many), AfterValidator(_distinct)]
Minutes: TypeAlias = Annotated[StrictInt, Field(ge=1, le=100_000)]


class Role(StrEnum):
    """What processes of the collector do. Each role is one process, but for `snmp`, which can be several receivers."""

    SNMP = "snmp"
    SMTP = "smtp"
    PROCESS = "process"
    HAND_OFF = "hand-off"
    API = "api"

    @property
    def key(self) -> str:
        """The name in the settings."""
        return self.value.replace("-", "_")

    def process_name(self, receiver: int = 0) -> str:
        """The name of one of its processes in logs, the `role` label of metrics and the run directory: `snmp` for the first
        receiver, `snmp-1` for the second."""
        return f"{self.value}-{receiver}" if receiver else self.value


class Section(BaseModel):
    """One table of the file: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Section):
    """`url` may hold a password, so it prints as a mask; read it through `Settings.store_url`."""

    url: Annotated[SecretStr, AfterValidator(_store_url)] = SecretStr(f"sqlite:///{DATA_DIR_MARK}/collector.db")


class SnmpSettings(Section):
    """Trap intake. `receivers`: processes that share the listeners. `receive_buffer` in octets; `rate_limit` in datagrams per
    second and peer address, `customer_rate_limit` in datagrams per second and customer, 0 = off. `engine_id` of the own engine in
    hexadecimal digits; empty: `<data_dir>/snmp-engine.json` keeps one that the collector makes."""

    listen: Addresses = (ListenAddress("127.0.0.1", 1162),)
    receivers: Annotated[StrictInt, Field(ge=1, le=MOST_RECEIVERS)] = 1
    receive_buffer: Annotated[StrictInt, Field(ge=4096, le=2**30)] = 268_435_456
    rate_limit: Count = 1000
    burst: Positive = 10_000
    customer_rate_limit: Count = 250
    customer_burst: Positive = 15_000
    trusted_relays: Networks = ()
    engine_id: Annotated[StrictStr, AfterValidator(_engine_id)] = ""

    @property
    def own_engine_id(self) -> bytes:
        """`engine_id` in octets; none: the collector makes it."""
        return bytes.fromhex(self.engine_id)


class SmtpSettings(Section):
    """Mail intake. `size_limit` in octets. Domains are casefolded. `listen_tls`: there TLS begins at once; elsewhere by STARTTLS,
    when there is a certificate. `tls_client_ca`: clients may show a certificate of these. `authserv_ids`: in which names the
    trusted relays write `Authentication-Results`; `sender_domains`: `mailbox=domain`, what must be verified there."""

    listen: Addresses = (ListenAddress("127.0.0.1", 1025),)
    listen_tls: Addresses = ()
    tls_certificate: Annotated[Path | None, PlainValidator(_directory)] = None
    tls_key: Annotated[Path | None, PlainValidator(_directory)] = None
    tls_client_ca: Annotated[Path | None, PlainValidator(_directory)] = None
    tls_required: StrictBool = False
    domains: Annotated[Domains, Field(min_length=1)] = ("collector.localhost",)
    size_limit: Positive = 26_214_400
    hostname: Annotated[StrictStr, AfterValidator(lambda value: _domain(value) if value else "")] = ""
    max_connections: Positive = 1000
    max_connections_per_peer: Positive = 50
    trusted_relays: Networks = ()
    authserv_ids: Domains = ()
    sender_domains: Senders = ()
    max_recipients: Positive = 100
    max_errors: Positive = 20
    idle_seconds: Positive = 60
    mail_seconds: Positive = 600

    @property
    def greeting_name(self) -> str:
        """`hostname`, or the machine's own name."""
        return self.hostname or socket.gethostname()

    @property
    def domains_of_mailboxes(self) -> dict[str, tuple[str, ...]]:
        """`sender_domains` by mailbox."""
        pairs = [entry.partition("=") for entry in self.sender_domains]
        return {mailbox: tuple(domain for name, _, domain in pairs if name == mailbox) for mailbox, _, _ in pairs}


class ApiSettings(Section):
    """The API and the page. An empty `url` means: made from the first listener (`Settings.api_url`). `trusted_proxies` are
    believed which address a visitor has."""

    listen: Annotated[Addresses, Field(min_length=1)] = (ListenAddress("127.0.0.1", 8080),)
    url: Annotated[StrictStr, AfterValidator(_web_address)] = ""
    trusted_proxies: Networks = ()


class JournalSettings(Section):
    """What arrived. `allow_volatile` accepts a disk mounted so that it forgets synced data at a power cut."""

    segment_bytes: Annotated[StrictInt, Field(ge=4096, le=2**31)] = 67_108_864
    retention_days: Positive = 90
    allow_volatile: StrictBool = False


class ProcessSettings(Section):
    """`batch`: how many journal items one transaction takes at most. Of refused datagrams, `refused_per_peer` notifications of
    one address and reason and `refused_per_outcome` of all together are kept an hour, 0 = all; the others are only counted.
    What is authentic has `refused_per_outcome` for each source and reason."""

    batch: Annotated[StrictInt, Field(ge=1, le=100_000)] = 2000
    refused_per_peer: Count = 500
    refused_per_outcome: Count = 5000


class TargetSettings(Section):
    """Promised times in minutes of working time. Source: the service manual, section 2."""

    threat_contact: Minutes = 30
    threat_response: Minutes = 30
    severity_1_contact: Minutes = 30
    severity_1_response: Minutes = 60
    severity_2_response: Minutes = 180
    severity_3_response: Minutes = 360
    severity_4_response: Minutes = 960
    triage: Minutes = 30


class SlaSettings(Section):
    """Working time and what is promised in it. `overrides`: a file of days that the calendar has wrong. No clock uses
    `attention_hours`."""

    timezone: Annotated[StrictStr, AfterValidator(_zone)] = "America/Argentina/Buenos_Aires"
    hours: Hours = "09:00-17:00"
    attention_hours: Hours = "09:00-18:00"
    overrides: Annotated[Path | None, PlainValidator(_directory)] = None
    non_working: DayKinds = tuple(DayKind)
    response_starts: ResponseStarts = ResponseStarts.CONFIRMATION
    targets: TargetSettings = TargetSettings()


class HandOffSettings(Section):
    """Messages for ticketing: how many days they are kept in the feed, and how often at most a case's further occurrences are
    told, in minutes."""

    keep_days: Positive = 30
    note_minutes: Positive = 15


class RuleSettings(Section):
    """`packs_dir`: a directory with rule packs beside the built-in ones."""

    packs_dir: Annotated[Path | None, PlainValidator(_directory)] = None


def _secret_key(value: SecretStr) -> SecretStr:
    """No message repeats it. Blanks alone would pass for no key, and another one be made."""
    text = value.get_secret_value()
    keys = text.split()
    if (text and not keys) or any(len(key) < SHORTEST_KEY or not key.isascii() for key in keys):
        raise ValueError(f"a key has at least {SHORTEST_KEY} characters of ASCII")
    return value


class SecretSettings(Section):
    """`key` seals communities and pass phrases at rest; several, separated by blanks: the first one seals, all of them open.
    Empty: `<data_dir>/secret.key`, which the collector makes."""

    key: Annotated[SecretStr, AfterValidator(_secret_key)] = SecretStr("")
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """What `key_file` named, when the key was read from there."""
        return self._file

    def note_file(self, file: Path) -> None:
        """The key was read from there."""
        self._file = file


class LogSettings(Section):
    """Lines on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class MetricsListen(Section):
    """The loopback listener of each role. With port 0 the address is found in `<data_dir>/run/<process>.addr`."""

    snmp: LoopbackAddress = ListenAddress("127.0.0.1", 0)
    smtp: LoopbackAddress = ListenAddress("127.0.0.1", 0)
    process: LoopbackAddress = ListenAddress("127.0.0.1", 0)
    hand_off: LoopbackAddress = ListenAddress("127.0.0.1", 0)
    api: LoopbackAddress = ListenAddress("127.0.0.1", 0)


class MetricsSettings(Section):
    """Where each role shows its metrics and health."""

    listen: MetricsListen = MetricsListen()

    def of(self, role: Role, receiver: int = 0) -> ListenAddress:
        """Receivers beside the first one take a free port: the address names one."""
        address: ListenAddress = getattr(self.listen, role.key)
        return ListenAddress(address.host, 0) if receiver else address


class Settings(Section):
    """Everything that can be set. Paths are absolute; a relative one counts from the working directory."""

    site: Annotated[StrictStr, Field(pattern=r"^[A-Z0-9]{2,8}$")] = "NOC1"
    data_dir: Annotated[Path, PlainValidator(_data_dir), Field(validate_default=True)] = Path("var")
    language: Literal["es", "en"] = "es"
    store: StoreSettings = StoreSettings()
    snmp: SnmpSettings = SnmpSettings()
    smtp: SmtpSettings = SmtpSettings()
    api: ApiSettings = ApiSettings()
    journal: JournalSettings = JournalSettings()
    process: ProcessSettings = ProcessSettings()
    hand_off: HandOffSettings = HandOffSettings()
    rules: RuleSettings = RuleSettings()
    sla: SlaSettings = SlaSettings()
    secrets: SecretSettings = SecretSettings()
    logs: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @model_validator(mode="after")
    def _listeners_differ(self) -> Self:
        smtp = (*self.smtp.listen, *self.smtp.listen_tls)
        if both := {address for address in smtp if address.port} & set(self.api.listen):
            raise ValueError(f"[api] listen: {min(map(str, both))} is a listener of [smtp] already")
        if both := {address for address in self.smtp.listen if address.port} & set(self.smtp.listen_tls):
            raise ValueError(f"[smtp] listen_tls: {min(map(str, both))} stands in [smtp] listen too")
        return self

    @model_validator(mode="after")
    def _tls_has_certificate_and_key(self) -> Self:
        given = [
            key
            for key in ("tls_certificate", "tls_key", "tls_client_ca", "tls_required", "listen_tls")
            if getattr(self.smtp, key)
        ]
        for missing in ("tls_certificate", "tls_key"):
            if given and missing not in given:
                raise ValueError(f"[smtp] {given[0]}: needs [smtp] {missing} too")
        return self

    @property
    def store_url(self) -> str:
        """The store's URL for SQLAlchemy, with its secret in it."""
        return self.store.url.get_secret_value().replace(DATA_DIR_MARK, str(self.data_dir))

    @property
    def api_url(self) -> str:
        """The base URL under which people and machines reach the API, without a slash at the end."""
        return self.api.url or f"http://{self.api.listen[0]}"

    @property
    def run_dir(self) -> Path:
        """Where running roles keep sockets and addresses; its content means nothing after a stop."""
        return self.data_dir / "run"

    @property
    def journal_dir(self) -> Path:
        return self.data_dir / "journal"

    @property
    def secret_key_file(self) -> Path:
        """Where the key of the secrets is when the settings name none."""
        return self.data_dir / "secret.key"

    @property
    def engine_file(self) -> Path:
        """Id and boots of the own SNMP engine."""
        return self.data_dir / "snmp-engine.json"

    def receivers_of(self, role: Role) -> range:
        """The numbers of the role's processes."""
        return range(self.snmp.receivers if role is Role.SNMP else 1)

    def process_names(self, role: Role) -> list[str]:
        return [role.process_name(receiver) for receiver in self.receivers_of(role)]

    def address_file(self, process: str) -> Path:
        """The file in which a running process tells the address of its metrics listener, `host:port`."""
        return self.run_dir / f"{process}.addr"

    def listeners(self) -> Iterator[tuple[str, ListenAddress]]:
        """Every address that the outside may reach, with the key that names it."""
        for key, addresses in (
            ("[snmp] listen", self.snmp.listen),
            ("[smtp] listen", self.smtp.listen),
            ("[smtp] listen_tls", self.smtp.listen_tls),
            ("[api] listen", self.api.listen),
        ):
            for address in addresses:
                yield key, address
