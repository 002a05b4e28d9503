"""On well-formed mails and pages the own reader and independent ones agree: the standard library's parser, lexbor."""

import email
import email.policy
from email.message import EmailMessage

import hypothesis.strategies as st
from hypothesis import given
from selectolax.lexbor import LexborHTMLParser

from collector.domain.mail import Mail
from receivers.smtp import html
from receivers.smtp.characters import unescape
from receivers.smtp.decode import decode

words = st.text(st.sampled_from("abcñáé€ 漢<>&;=.-:0123"), min_size=1, max_size=60).map(lambda text: f"w{text.strip()}")
lines = st.lists(words, min_size=1, max_size=8).map("\n".join)
encodings = st.sampled_from(["quoted-printable", "base64", "8bit"])


@given(words, lines, encodings, st.sampled_from(["utf-8", "gb18030"]), st.booleans(), st.binary(min_size=1, max_size=50))
def test_what_the_standard_library_writes_is_read_alike(
    subject: str, text: str, encoding: str, charset: str, with_html: bool, attached: bytes
) -> None:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = subject
    message.set_content(text, charset=charset, cte=encoding)
    if with_html:
        message.add_alternative(f"<p>{len(text)}", subtype="html")
    message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="datos ñ.bin")
    raw = message.as_bytes()
    theirs = email.message_from_bytes(raw, policy=email.policy.default)
    body = theirs.get_body(("plain",))
    mail = decode(raw)
    assert isinstance(mail, Mail)
    assert body is not None
    assert mail.subject == " ".join(str(theirs["Subject"]).split())
    assert mail.text == unescape(unescape("\n".join(body.get_content().splitlines())))
    assert [(a.name, a.size) for a in mail.attachments] == [("datos ñ.bin", len(attached))]


cells = st.lists(st.text(st.sampled_from("abc ñ.-:/\\"), max_size=12), min_size=1, max_size=4)


@given(st.lists(cells, min_size=1, max_size=5), st.sampled_from(["", " class='a > b'", ' style="x:y"']))
def test_tables_hold_the_cells_that_a_browser_engine_finds(rows: list[list[str]], attributes: str) -> None:
    body = "".join("<tr>" + "".join(f"<td{attributes}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    page = f"<html><body><table>{body}</table></body></html>"
    found = [[cell.text().split() for cell in row.css("td")] for row in LexborHTMLParser(page).css("tr")]
    ours = [[cell.split() for cell in line.split("\t")] for line in html.to_text(page).split("\n")]
    assert ours == ([row for row in found if len(row) > 1 or row[0]] or [[[]]])
