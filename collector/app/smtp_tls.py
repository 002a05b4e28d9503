"""The certificate of the mail intake, as the settings name it."""

from collector.config import Settings
from collector.config.model import SmtpSettings
from collector.role import RoleContext
from receivers.smtp.certificate import Certificate, TlsFiles, load_context


def tls_files(smtp: SmtpSettings) -> TlsFiles | None:
    """None: there is no TLS."""
    if smtp.tls_certificate is None or smtp.tls_key is None:
        return None
    return TlsFiles(smtp.tls_certificate, smtp.tls_key, smtp.tls_client_ca)


def check_tls(settings: Settings) -> None:
    """Raise ConfigurationError when the files are no good."""
    files = tls_files(settings.smtp)
    if files is not None:
        load_context(files)


def certificate_of(role: RoleContext) -> Certificate | None:
    """Raise ConfigurationError when the files are no good."""
    files = tls_files(role.settings.smtp)
    return None if files is None else Certificate(files)


def follow(role: RoleContext, certificate: Certificate | None) -> None:
    """Look whether its files have changed; at SIGHUP they are read in any case."""
    at_once = role.reload_requested()
    if certificate is not None:
        certificate.look(at_once=at_once)
