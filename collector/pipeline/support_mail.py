"""What people write to a support mailbox becomes a severity case that level 1 looks at first, one for each thread, and never a
threat incident (service manual, section 5). What the mail says of itself is read by `support_facts`."""

import hashlib
import re
from dataclasses import dataclass

from collector.domain.attachments import Doubt, doubts_about
from collector.domain.mail import Attachment, Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import PEOPLE
from collector.domain.signal import CaseKind, Classified, Signal, SignalType, Urgency, Words
from collector.pipeline.support_facts import facts_in, names_password, own_lines, plain, priority_in
from rules.text import MAX_SUMMARY, MAX_TITLE, MAX_VALUE, clean, key_part, one_line

RULE = "support-mail"
_RULE_VERSION = "1"
_MAX_SENDER = 254
_MOST_LISTED = 20
_WITHOUT_SUBJECT = Words(es="(sin asunto)", en="(no subject)")
_REPLY_MARKS = re.compile(r"(?:(?:re|rv|fw|fwd|res|enc|tr|ref|aw|wg)(?:\[\d{1,3}\])? ?: ?)+", re.IGNORECASE)
_AUTOMATIC_SUBJECTS = (
    *("automatic reply:", "auto reply:", "autoreply:", "out of office:", "respuesta automatica:", "fuera de la oficina:"),
    *("fuera de oficina:", "resposta automatica:", "ausencia temporaria:", "reponse automatique :", "reponse automatique:"),
)
"""What mail programs write before the subject of an answer that nobody wrote; some send it without any header that says so."""
_ADDRESS = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,189})>\s*$")
_BARE_ADDRESS = re.compile(r"[^<>\s@\"(),;:]{1,64}@[^<>\s@\"(),;:]{1,189}")
_STEPS = Words(
    es="Leer el correo entero y fijar la gravedad al confirmar el caso. Verificar que escribe un contacto designado: cualquiera"
    " puede poner su dirección. No abrir los adjuntos señalados como sospechosos. Se aceptan .zip y .rar de hasta 10 MB, sin"
    " archivos infectados.",
    en="Read the whole mail and set the severity when confirming the case. Make sure that a designated contact wrote it: anybody"
    " can give that address. Do not open attachments that are marked suspicious. .zip and .rar up to 10 MB are accepted, without"
    " infected files.",
)


def classify_support_mail(mail: Mail, mail_from: str) -> Classified:
    """A mail to a support mailbox; `mail_from` is its sender in the envelope, empty for what nobody is to be told about. What
    nobody wrote opens nothing."""
    if (reason := _automatic(mail, mail_from)) is not None:
        return _classified({}, Outcome.LOOP, reason)
    lines = own_lines(mail.text)
    priority = priority_in(mail.subject, lines)
    fields = _fields(mail, lines, priority)
    return _classified(fields, Outcome.CASE, signal=_signal(mail, fields, priority))


def _automatic(mail: Mail, mail_from: str) -> Reason | None:
    """Automatic replies and bounces, also those that say it in no header that holds for the mails of consoles too. People write
    with an address to answer to (RFC 5321 section 4.5.5, RFC 3834 section 2)."""
    if plain(mail.subject).startswith(_AUTOMATIC_SUBJECTS):
        return Reason.AUTO_REPLY
    generated = mail.auto_submitted not in ("", "no")
    if generated and (mail.references or not mail_from):
        return Reason.AUTO_REPLY
    return None if mail_from else Reason.BOUNCE


def thread_key(mail: Mail) -> str:
    """The first mail of a thread stands first in the References of all others (RFC 5322 section 3.6.4). A mail without Message-ID
    is known by sender, subject and body."""
    root = mail.references[0] if mail.references else mail.message_id
    if root:
        return f"v1:{PEOPLE}:thread:{key_part(root)}"
    said = f"{mail.header_from}\0{mail.subject}\0{mail.body_sha256}"
    return f"v1:{PEOPLE}:mail:{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"


def title_of(subject: str) -> str:
    """Without what mail programs write before the subject of an answer or of a forwarded mail."""
    subject = one_line(clean(subject))
    mark = _REPLY_MARKS.match(subject)
    return (subject[mark.end() :] if mark else subject).strip()[:MAX_TITLE]


@dataclass(frozen=True, slots=True)
class _Sender:
    name: str
    address: str


def _sender(header_from: str) -> _Sender:
    """As the header says, which anybody can write."""
    text = one_line(clean(header_from))
    if match := _ADDRESS.search(text):
        return _Sender(text[: match.start()].strip(" \"'"), match[1])
    match = _BARE_ADDRESS.search(text)
    return _Sender("", match[0]) if match else _Sender(text[:_MAX_SENDER], "")


def _fields(mail: Mail, lines: list[str], priority: int | None) -> dict[str, str]:
    """Everything that the mail says; what it does not say is not there."""
    sender, said = _sender(mail.header_from), facts_in(lines)
    suspicious = _suspicious(mail.attachments, password=bool(mail.attachments) and names_password(lines))
    found = {
        "title": title_of(mail.subject),
        "sender_name": sender.name,
        "sender_address": sender.address,
        **said,
        "description": said.get("description") or clean("\n".join(lines)),
        "priority": f"{priority}" if priority else said.get("priority", ""),
        "attachments": _listed([_told(one) for one in mail.attachments]),
        "suspicious_attachments": _listed([f"{_told(one)}: {', '.join(why)}; SHA-256 {one.sha256}" for one, why in suspicious]),
    }
    return {name: value for name, value in found.items() if value}


def _suspicious(attachments: tuple[Attachment, ...], *, password: bool) -> list[tuple[Attachment, tuple[Doubt, ...]]]:
    return [(one, why) for one in attachments if (why := doubts_about(one, password=password))]


def _told(attachment: Attachment) -> str:
    name = one_line(clean(attachment.name)) or "-"
    return f"{name} ({one_line(clean(attachment.content_type)) or '-'}, {attachment.size})"


def _listed(told: list[str]) -> str:
    """One on each line, not more than the field has room for."""
    shown = told[:_MOST_LISTED]
    left_out = len(told) - len(shown)
    return clean("\n".join(shown + ([f"+ {left_out}"] if left_out else [])))[:MAX_VALUE]


def _signal(mail: Mail, fields: dict[str, str], priority: int | None) -> Signal:
    """Nothing opens severity 1 by itself: what asks for it opens 2, and level 1 looks at it at once. Without a word of it there
    is no severity until level 1 sets one."""
    title = fields.get("title")
    return Signal(
        type=SignalType.RAISE,
        key=thread_key(mail),
        kind=CaseKind.SEVERITY_CASE,
        severity=2 if priority == 1 else priority,
        urgency=Urgency.NORMAL,
        contained=False,
        review_for_severity_1=priority == 1,
        title=Words(es=title, en=title) if title else _WITHOUT_SUBJECT,
        summary=_summary(mail, fields),
        steps=_STEPS,
        rule=RULE,
        rule_version=_RULE_VERSION,
        pack=PEOPLE,
        product=PEOPLE,
        source_severity=fields.get("priority", "")[:100] or None,
        needs_triage=True,
    )


def _summary(mail: Mail, fields: dict[str, str]) -> Words:
    name, address = fields.get("sender_name", ""), fields.get("sender_address", "")
    who = f"{name} <{address}>" if name and address else name or address
    what = one_line(fields.get("description", ""))
    suspicious = fields.get("suspicious_attachments", "").count("\n") + 1 if "suspicious_attachments" in fields else 0
    return Words(
        es=_sentences(
            f"{who or 'Alguien'} escribió al buzón de soporte.",
            *_said("Producto", fields, "product", "product_version"),
            *_said("Sistema operativo", fields, "os", "os_version"),
            *_said("Prioridad según el correo", fields, "priority"),
            f"Adjuntos: {len(mail.attachments)}, sospechosos: {suspicious}." if mail.attachments else "",
            what,
        ),
        en=_sentences(
            f"{who or 'Somebody'} wrote to the support mailbox.",
            *_said("Product", fields, "product", "product_version"),
            *_said("Operating system", fields, "os", "os_version"),
            *_said("Priority by the mail", fields, "priority"),
            f"Attachments: {len(mail.attachments)}, suspicious: {suspicious}." if mail.attachments else "",
            what,
        ),
    )


def _said(label: str, fields: dict[str, str], *names: str) -> list[str]:
    values = [fields[name][:100] for name in names if name in fields]
    return [f"{label}: {' '.join(values)}."] if values else []


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))[:MAX_SUMMARY]


def _classified(
    fields: dict[str, str], outcome: Outcome, reason: Reason = Reason.NONE, *, signal: Signal | None = None
) -> Classified:
    return Classified(
        row=0,
        outcome=outcome,
        reason=reason,
        pack=PEOPLE,
        product=PEOPLE,
        notification="support_mail",
        fields=fields,
        rule=RULE,
        rule_version=_RULE_VERSION,
        signal=signal,
    )
