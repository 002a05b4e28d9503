"""What comes next in a simulation: which example, of which computer, as trap, inform or mail. A seed decides; nothing is sent."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from collector.domain.errors import ConfigurationError
from collector.domain.trap import Pdu, Trap
from collector.traffic.encode import encode
from collector.traffic.variations import at_time, trap_of, vary
from rules.engine import RuleSet
from rules.model import TransportKind
from rules.samples import samples

_REQUEST_ID = 0x7A5C3E1D
_UPTIME = 0x5B7D2F4E
"""Stand-ins of four octets, replaced in the encoded message; so are their successors, never shorter or longer."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An encoded notification in which only request-id and uptime change from one sending to the next."""

    octets: bytes
    inform: bool

    def stamped(self, request_id: int, ticks: int) -> bytes:
        """With a request-id and an uptime of 2^24 to 2^31-1, which take four octets."""
        octets = self.octets.replace(_UPTIME.to_bytes(4, "big"), ticks.to_bytes(4, "big"), 1)
        return octets.replace(_REQUEST_ID.to_bytes(4, "big"), request_id.to_bytes(4, "big"), 1)


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail without its headers but the subject."""

    subject: str
    text: str


Notification: TypeAlias = Packet | MailText


@dataclass(frozen=True, slots=True)
class Shares:
    """`mails`: of all notifications; `informs`: of the v2c traps. `hosts`: how many computers there are."""

    mails: float
    informs: float
    hosts: int


class Mix:
    """An endless row of notifications. The same seed gives the same one."""

    def __init__(self, ruleset: RuleSet, shares: Shares, *, community: bytes, seed: int, at: datetime) -> None:
        """`at`: what the mails' times lie before. Raise ConfigurationError when the packs have no example of what is wanted."""
        self._ruleset = ruleset
        self._shares = shares
        self._community = community
        self._random = random.Random(seed)  # noqa: S311 - it must repeat itself, not surprise
        self._at = at
        found = samples(ruleset)
        self._mails = [sample for sample in found if sample.transport is TransportKind.MAIL]
        self._traps = [sample for sample in found if sample.transport is TransportKind.SNMP]
        self._packets: dict[tuple[int, int, bool], Packet] = {}
        self._texts: dict[tuple[int, int], MailText] = {}
        if (shares.mails > 0 and not self._mails) or (shares.mails < 1 and not self._traps):
            raise ConfigurationError("the rule packs have no tests with the mails or traps that are to be sent")

    def __iter__(self) -> Iterator[Notification]:
        while True:
            number, share = self._random.randrange(self._shares.hosts), self._random.random()
            if self._random.random() < self._shares.mails:
                mail = self._mail(self._random.randrange(len(self._mails)), number)
                yield replace(mail, text=at_time(mail.text, self._at - timedelta(hours=1) * share))
            else:
                yield self._packet(self._random.randrange(len(self._traps)), number, inform=share < self._shares.informs)

    def _mail(self, place: int, number: int) -> MailText:
        mail = self._texts.get((place, number))
        if mail is None:
            sample = vary(self._mails[place], number, self._ruleset)
            mail = self._texts[place, number] = MailText(sample.subject, sample.text)
        return mail

    def _packet(self, place: int, number: int, *, inform: bool) -> Packet:
        """Made once and then only stamped: making takes milliseconds."""
        packet = self._packets.get((place, number, inform))
        if packet is None:
            trap = trap_of(vary(self._traps[place], number, self._ruleset))
            packet = self._packets[place, number, inform] = _packet(trap, self._community, inform=inform)
        return packet


def _packet(trap: Trap, community: bytes, *, inform: bool) -> Packet:
    """An example of a v1 trap stays one, whatever is asked: there are no v1 informs."""
    pdu = Pdu.INFORM if inform and trap.pdu is Pdu.TRAP_V2 else trap.pdu
    filled = replace(trap, community=community, pdu=pdu, request_id=_REQUEST_ID, uptime=_UPTIME)
    return Packet(encode(filled), pdu is Pdu.INFORM)
