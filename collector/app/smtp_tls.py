"""The certificate of the mail intake, as the settings name it. Without one, what it takes to read one is not loaded."""

from typing import TYPE_CHECKING

from collector.config import Settings
from collector.role import RoleContext

if TYPE_CHECKING:
    from receivers.smtp.certificate import Certificate


def certificate_of(settings: Settings) -> "Certificate | None":
    """None: there is no TLS. Raise ConfigurationError when the files are no good."""
    smtp = settings.smtp
    if smtp.tls_certificate is None or smtp.tls_key is None:
        return None
    from receivers.smtp.certificate import Certificate, TlsFiles

    return Certificate(TlsFiles(smtp.tls_certificate, smtp.tls_key, smtp.tls_client_ca))


def follow(role: RoleContext, certificate: "Certificate | None") -> None:
    """Look whether its files have changed; at SIGHUP they are read in any case."""
    at_once = role.reload_requested()
    if certificate is not None:
        certificate.look(at_once=at_once)
