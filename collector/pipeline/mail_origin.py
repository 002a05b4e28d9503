"""Where a mail is from and what proves it: a login of the dialogue, and the word of a trusted relay on its own client and on what
it verified (RFC 8601). What proves nothing stays data; nothing is refused for it, and no name is looked up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from collector.domain.item import Envelope
from collector.domain.networks import NetworkMap
from collector.domain.registry import Source
from collector.domain.snmp_access import Network
from collector.pipeline.authentication_results import NAME, MethodResult, authserv_id_of, results_of
from collector.pipeline.from_field import domain_of_from
from collector.pipeline.mail_head import fields_of
from collector.pipeline.received_field import peer_in
from collector.pipeline.structured_field import BadSyntax, domain_in


class Weight(StrEnum):
    """Whether a result of a method counts for a source, or why not."""

    COUNTS = "counts"
    NOT_PASSED = "not_passed"
    UNKNOWN_METHOD = "unknown_method"
    NO_DOMAIN = "no_domain"
    NOT_OF_THE_SOURCE = "not_of_the_source"
    NOT_ALIGNED = "not_aligned"


class Verified(StrEnum):
    """What was found of a relay's `Authentication-Results`."""

    READ = "read"
    NO_TRUSTED_RELAY = "no_trusted_relay"
    NOT_FOUND = "not_found"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class MailOrigin:
    """`address` is the one that counts: the peer's, unless a trusted relay (`relayed`) says beyond doubt whom it had the mail
    from. `from_domain` and `mail_from_domain` are only what the relay's `results` must agree with; empty where there is none."""

    address: str
    relayed: bool = False
    login: str = ""
    verified: Verified = Verified.NO_TRUSTED_RELAY
    results: tuple[MethodResult, ...] = ()
    from_domain: str = ""
    mail_from_domain: str = ""

    def weigh(self, result: MethodResult, domains: Iterable[str]) -> Weight:
        """What a result is worth for a source whose mails come from one of `domains` or below it."""
        if result.method not in _METHODS:
            return Weight.UNKNOWN_METHOD
        if result.result != "pass":
            return Weight.NOT_PASSED
        proven = _proven(result)
        if not proven:
            return Weight.NO_DOMAIN
        ours = [domain for domain in domains if _is_within(proven, domain)]
        if not ours:
            return Weight.NOT_OF_THE_SOURCE
        return Weight.COUNTS if self._agrees(result.method, proven, ours) else Weight.NOT_ALIGNED

    def _agrees(self, method: str, proven: str, ours: list[str]) -> bool:
        """Whether the mail itself is in the name of the domain: alignment as of RFC 7489 section 3.1, where instead of a list of
        public suffixes the source's own domain says what belongs together."""
        if method == "spf":
            return proven == self.mail_from_domain
        if method == "dmarc":
            return proven == self.from_domain
        shown = (self.from_domain, self.mail_from_domain)
        return any(_is_within(one, domain) for one in shown for domain in ours)


_METHODS = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "dmarc": ("header.from",)}
"""Methods that count, and the properties that say for which domain (RFC 8601 section 2.7)."""


def _proven(result: MethodResult) -> str:
    """The domain that the method says it is from; the first property that is there."""
    told = (result.properties[name] for name in _METHODS[result.method] if name in result.properties)
    return domain_in(next(told, ""))


def _is_within(domain: str, outer: str) -> bool:
    return domain == outer or domain.endswith(f".{outer}")


class MailOrigins:
    """`relays`: who is believed. `authserv_ids`: the names in which they write `Authentication-Results`. `domains`: from where
    the mails of a mailbox come; a domain that is verified and none of these proves only that somebody has a domain."""

    def __init__(
        self,
        relays: Iterable[Network] = (),
        *,
        authserv_ids: Iterable[str] = (),
        domains: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._relays = NetworkMap((network, True) for network in relays)
        self._authserv_ids = frozenset(name.lower() for name in authserv_ids)
        self._domains = {mailbox.casefold(): names for mailbox, names in (domains or {}).items()}

    def of(self, peer: str, envelope: Envelope, raw: bytes) -> MailOrigin:
        """The origin of a mail as it was stored."""
        login = envelope.login or ""
        if not self._relays.of(peer):
            return MailOrigin(peer, login=login)
        received, authenticated, shown = self._read(raw)
        verified, results = _verified(authenticated)
        return MailOrigin(
            address=peer_in(received or "") or peer,
            relayed=True,
            login=login,
            verified=verified,
            results=results,
            from_domain=domain_of_from(shown[0] or "") if len(shown) == 1 else "",
            mail_from_domain=domain_in(envelope.mail_from),
        )

    def _read(self, raw: bytes) -> tuple[str | None, list[str | None], list[str | None]]:
        """The topmost `Received`, the topmost `Authentication-Results` of ours if there is one, and every `From`. What a relay
        adds stands above what it got: a second one may be its sender's."""
        received: list[str | None] = []
        authenticated: list[str | None] = []
        shown: list[str | None] = []
        for name, value in fields_of(raw):
            if name == "received" and not received:
                received.append(value)
            elif name == "from":
                shown.append(value)
            elif name == NAME and not authenticated and self._is_ours(value):
                authenticated.append(value)
        return (received or [None])[0], authenticated, shown

    def _is_ours(self, value: str | None) -> bool:
        """Of one that cannot be read nobody knows; it may be ours, and then no other one below it counts."""
        try:
            return value is None or authserv_id_of(value) in self._authserv_ids
        except BadSyntax:
            return False

    def domains_of(self, source: Source) -> tuple[str, ...]:
        """From where the mails of a source come."""
        return self._domains.get((source.mailbox or "").casefold(), ())

    def proofs(self, origin: MailOrigin, source: Source) -> Iterator[str]:
        """What proves that the mail is from this source: `login` (a source's login is the name of its mailbox), or the methods
        that count. Nothing that is true for one recipient of a mail is so for another."""
        if origin.login and source.mailbox and origin.login.casefold() == source.mailbox.casefold():
            yield "login"
        for result in origin.results:
            if origin.weigh(result, self.domains_of(source)) is Weight.COUNTS:
                yield result.method


def _verified(authenticated: list[str | None]) -> tuple[Verified, tuple[MethodResult, ...]]:
    if not authenticated:
        return Verified.NOT_FOUND, ()
    [value] = authenticated
    try:
        return (Verified.NOT_UNDERSTOOD, ()) if value is None else (Verified.READ, results_of(value))
    except BadSyntax:
        return Verified.NOT_UNDERSTOOD, ()
