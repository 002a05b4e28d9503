"""Mails made by hand for the tests of decoding, and how they are read."""

from collector.domain.mail import Mail
from receivers.smtp.decode import decode
from receivers.smtp.mime import Limits


def mail(body: str | bytes, *fields: str, charset: str = "utf-8") -> bytes:
    """A mail with CR LF line ends."""
    octets = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode(charset)
    header = "".join(f"{field}\r\n" for field in ("From: sepm@console.example", *fields))
    return header.encode("utf-8") + b"\r\n" + octets


def parts(kind: str, *sections: str | bytes, boundary: str = "=_b") -> bytes:
    """A multipart mail of sections, each with its own header."""
    return mail(sections_of(boundary, *sections), "Subject: s", f'Content-Type: multipart/{kind}; boundary="{boundary}"')


def sections_of(boundary: str, *sections: str | bytes) -> bytes:
    octets = [section if isinstance(section, bytes) else section.replace("\n", "\r\n").encode() for section in sections]
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + section + b"\r\n" for section in octets) + mark + b"--\r\n"


def read(raw: bytes, limits: Limits = Limits()) -> Mail:  # noqa: B008 - frozen
    result = decode(raw, limits)
    assert isinstance(result, Mail), result
    return result
