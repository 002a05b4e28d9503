"""Which mails belong to a loop, and which only look automatic."""

import pytest

from collector.domain.mail import Mail
from collector.domain.outcome import Reason
from receivers.smtp.decode import decode
from receivers.smtp.loops import OWN_MESSAGE_ID, loop_reason

MAILS = [
    pytest.param(b"Auto-Submitted: auto-replied; x", Reason.AUTO_REPLY, id="vacation"),
    pytest.param(b"X-Autoreply: yes", Reason.AUTO_REPLY, id="X-Autoreply"),
    pytest.param(b"Precedence: auto_reply", Reason.AUTO_REPLY, id="precedence auto_reply"),
    pytest.param(b"Content-Type: multipart/report; report-type=delivery-status", Reason.BOUNCE, id="bounce"),
    pytest.param(b"X-Collector-Loop: any", Reason.OWN_MESSAGE, id="own header"),
    pytest.param(f"References: <a@b> {OWN_MESSAGE_ID}x@site.example>".encode(), Reason.OWN_MESSAGE, id="answer to us"),
    pytest.param(f"In-Reply-To: {OWN_MESSAGE_ID}x@site.example>".encode(), Reason.OWN_MESSAGE, id="reply to us"),
    pytest.param(f"Message-ID: {OWN_MESSAGE_ID}x@site.example>".encode(), Reason.OWN_MESSAGE, id="our own"),
    pytest.param(b"Auto-Submitted: auto-generated", None, id="an alert is generated"),
    pytest.param(b"Precedence: bulk", None, id="an alert is bulk"),
    pytest.param(b"Auto-Submitted: no", None, id="written by a person"),
    pytest.param(b"References: <a@b.example>", None, id="a thread of others"),
    pytest.param(b"Return-Path: <>", None, id="an empty sender"),
]


@pytest.mark.parametrize(("field", "reason"), MAILS)
def test_only_answers_and_our_own_mails_are_loops(field: bytes, reason: Reason | None) -> None:
    mail = decode(b"Subject: Server Health Alert\r\n" + field + b"\r\n\r\nServer poor")
    assert isinstance(mail, Mail)
    assert loop_reason(mail) is reason
