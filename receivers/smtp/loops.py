"""Which mails must open nothing because they are answers to mails, or our own. Alert mails are automatic themselves: that they
are generated or bulk means nothing here (RFC 3834 section 5 `auto-generated`, `Precedence: bulk`, an empty sender)."""

from collector.domain.mail import Mail
from collector.domain.outcome import Reason

OWN_MESSAGE_ID = "<cas-collector."
"""How the Message-ID of every mail begins that the collector sends; the rest is `<random>@<site's domain>>`."""


def loop_reason(mail: Mail) -> Reason | None:
    """Why `mail` belongs to a loop, or None. The collector answers no mail, whatever the verdict."""
    if mail.loop_header or mail.message_id.startswith(OWN_MESSAGE_ID):
        return Reason.OWN_MESSAGE
    if mail.content_type == "multipart/report":
        return Reason.BOUNCE
    if mail.auto_submitted == "auto-replied":
        return Reason.AUTO_REPLY
    if any(reference.startswith(OWN_MESSAGE_ID) for reference in mail.references):
        return Reason.OWN_MESSAGE
    return None
