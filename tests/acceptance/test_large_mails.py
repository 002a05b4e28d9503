"""A mail above the size limit, through the whole program: refused for good, and yet people see that somebody wanted to tell
something."""

import smtplib

import pytest

from tests.acceptance.conftest import Install
from tests.acceptance.harness import MAILBOX

LIMIT = 20_000


@pytest.mark.full
def test_a_mail_above_the_limit_is_refused_and_listed(install: Install) -> None:
    running = install(environment={"COLLECTOR__SMTP__SIZE_LIMIT": str(LIMIT)}).start()
    large = b"Subject: Weekly report\r\n\r\n" + b"body-of-a-report\r\n" * 2_000
    with smtplib.SMTP(*running.smtp, timeout=20) as client:
        client.ehlo()
        client.mail("sepm@console.example")
        client.rcpt(MAILBOX)
        assert client.data(large) == (552, b"5.3.4 Message too large")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("sepm@console.example", [MAILBOX], large)
        assert refused.value.recipients == {MAILBOX: (552, b"5.3.4 Message too large")}
    assert running.settled() == {"undecodable": 2}
    listed = running.notifications(state="undecodable")
    assert {(one["reason"], one["source"], one["transport"]) for one in listed} == {("too_large", "sepm-1", "smtp")}
    assert {one["subject"] for one in listed} == {"Weekly report", None}
    assert running.metric("collector_smtp_refusals_total", reason="too_large") == 2
    running.stop()
