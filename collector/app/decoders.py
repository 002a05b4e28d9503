"""The receivers' pure decoders, as the pipeline gets them: traps in this process, mails in a supervised helper process."""

from collections.abc import Iterator
from contextlib import contextmanager

from collector.pipeline.draft import Decoders
from receivers.smtp.decode import decode as decode_mail
from receivers.smtp.loops import loop_reason
from receivers.snmp.message import decode as decode_trap


@contextmanager
def decoders() -> Iterator[Decoders]:
    yield Decoders(trap=decode_trap, mails=lambda many: [decode_mail(one) for one in many], loop_reason=loop_reason)
