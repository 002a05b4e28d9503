"""The receivers' pure decoders, as the pipeline gets them: traps in this process, mails in a watched decoding process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from collector.domain.clock import Clock
from collector.domain.mail import MailResult
from collector.metrics import FamilySource
from collector.pipeline.draft import Decoders
from receivers.smtp.loops import loop_reason
from receivers.smtp.pool import MailDecoder
from receivers.snmp.message import decode as decode_trap
from receivers.snmp.usm import KeyRing


@dataclass(frozen=True, slots=True)
class MadeDecoders:
    """`counters` are those of the mail decoder's processes."""

    decoders: Decoders
    counters: FamilySource


@contextmanager
def decoders(clock: Clock) -> Iterator[MadeDecoders]:
    """For any number of threads; the decoding process is started with the first mail and ends with the block."""
    lock = threading.Lock()
    with MailDecoder(clock=clock) as mail_decoder:

        def decode_mails(raws: Sequence[bytes]) -> list[MailResult]:
            with lock:
                return mail_decoder.decode_many(raws)

        made = Decoders(trap=decode_trap, unlock=KeyRing().unlock, mails=decode_mails, loop_reason=loop_reason)
        yield MadeDecoders(made, mail_decoder.counters)
