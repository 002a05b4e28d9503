"""Mails that nobody without a key, or without unpacking what they are wrapped in, can read: which kind, and how they say so.
Only recognised: nothing is decrypted, verified or unwrapped."""

from collector.domain.outcome import Reason
from receivers.smtp.mime import Part

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_DER_LOOKED_AT = 64
_CONTENT_TYPES = (
    (bytes.fromhex("06092a864886f70d010702"), "signed-data"),
    (bytes.fromhex("06092a864886f70d010703"), "enveloped-data"),
    (bytes.fromhex("060b2a864886f70d0109100117"), "authEnveloped-data"),
    (bytes.fromhex("060b2a864886f70d0109100109"), "compressed-data"),
)
"""Object identifiers of CMS (RFC 5652 section 14, 5083, 3274), which stand at the beginning of its DER or BER."""
_SMIME_REASONS = {
    "signed-data": Reason.OPAQUE_SIGNATURE,
    "certs-only": Reason.OPAQUE_SIGNATURE,
    "compressed-data": Reason.OPAQUE_SIGNATURE,
    "enveloped-data": Reason.ENCRYPTED,
    "authEnveloped-data": Reason.ENCRYPTED,
}
_PGP_BEGIN, _PGP_END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"


def opaque(part: Part, octets: bytes) -> tuple[Reason, str] | None:
    """(reason, what it is) when the part's content is hidden from us, else None. `octets` are its body, decoded."""
    kind, name = part.media_type, part.file_name().lower()
    if kind in _SMIME or (kind == "application/octet-stream" and name.endswith(".p7m")):
        content = _smime_content(part, octets)
        return _SMIME_REASONS.get(content, Reason.NO_TEXT), f"{kind} {content}".rstrip()
    if kind == "application/pgp-encrypted":
        return Reason.ENCRYPTED, kind
    if is_tnef(part):
        return Reason.NO_TEXT, kind
    return None


def is_tnef(part: Part) -> bool:
    """Whether the part may be a TNEF stream. Those that can be read are not hidden after all."""
    return part.media_type in _TNEF or part.file_name().lower() == "winmail.dat"


def is_pgp_block(text: str) -> bool:
    """Whether a text is nothing but an encrypted block (RFC 9580 section 6.2). One that is signed in clear is text."""
    stripped = text.strip()
    return stripped.startswith(_PGP_BEGIN) and stripped.endswith(_PGP_END)


def _smime_content(part: Part, octets: bytes) -> str:
    """What the content is, else what the mail says that it is (RFC 8551 section 3.2.2); "" when neither tells."""
    beginning = octets[:_DER_LOOKED_AT]
    for identifier, content in _CONTENT_TYPES:
        if identifier in beginning:
            return content
    stated = part.parameters.get("smime-type", "").lower()
    return next((content for content in _SMIME_REASONS if content.lower() == stated), "")
