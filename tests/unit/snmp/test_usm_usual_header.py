"""A header that is read in one go is what reading it part by part finds, whatever lies stand in it."""

from itertools import chain

import pytest

from collector.domain.snmp_access import SecurityLevel
from receivers.snmp.frame import version_in
from receivers.snmp.v3 import any_header
from receivers.snmp.v3_usual import usual_header
from tests import snmp_lies
from tests import snmp_wire as wire
from tests.snmp_v3_kit import sealed

LONG = wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind("1.3.6.1.4.1.9.1.1", wire.string("x" * 300))))
MESSAGES = [
    pytest.param(sealed(), id="encrypted"),
    pytest.param(sealed(LONG, message_id=2**31 - 1, boots=2**31 - 1, time=0), id="long, with the largest numbers"),
    pytest.param(sealed(level=SecurityLevel.AUTH_NO_PRIV), id="signed"),
    pytest.param(sealed(level=SecurityLevel.NO_AUTH_NO_PRIV), id="open"),
    pytest.param(wire.v3_message(about=wire.v3_global(flags=b"\x04"), security=wire.v3_security(engine_id=b"")), id="discovery"),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_what_senders_write_is_usual(message: bytes) -> None:
    _, at, end = version_in(message)
    assert usual_header(message, at, end) == any_header(message, at, end)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_lie_is_believed_that_a_closer_look_refuses(message: bytes) -> None:
    _, at, end = version_in(message)
    seen = 0
    for lie in chain(snmp_lies.at_each_octet(message), snmp_lies.at_each_element(message), (message[:cut] for cut in range(end))):
        if len(lie) <= at:
            continue
        found = usual_header(lie, at, min(end, len(lie)))
        if found is not None:
            assert found == any_header(lie, at, min(end, len(lie)))
            seen += 1
    assert seen > 100
