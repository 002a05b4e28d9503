"""The certificate that mail clients are shown: a TLS context, made anew when its files change. A pair that is no good never takes
the place of one that is. When TLS begins in a dialogue is decided in `connection` and `implicit_tls`."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.metrics import Family

CERTIFICATE_KEY, KEY_KEY, CLIENT_CA_KEY = "[smtp] tls_certificate", "[smtp] tls_key", "[smtp] tls_client_ca"

_Identity: TypeAlias = tuple[tuple[int, int, int] | None, ...]

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, its own first; its private key, not encrypted; whose certificates of clients are
    believed, where clients may show one."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(slots=True)
class CertificateState:
    """`not_after`: when the certificate in use expires, in seconds of UTC since 1970."""

    good: bool = True
    not_after: float = 0.0

    def families(self) -> Iterable[Family]:
        good = "Whether the certificate in use is what its files say; 0: they are no good, and the last good one is used."
        yield Family("collector_smtp_certificate_good", good, "gauge", (), [((), self.good)])
        what = "When the certificate in use expires, in seconds since 1970."
        yield Family("collector_smtp_certificate_not_after_seconds", what, "gauge", (), [((), self.not_after)])


class Certificate:
    """Raises ConfigurationError, naming file and key, when the files are no good at the start. `look` is called about once a
    second in one thread, `context` is read in another: it is replaced as a whole."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._loaded = self._seen = self._identity()
        self.state = CertificateState()
        self.context = self._load()

    def families(self) -> Iterable[Family]:
        return self.state.families()

    def look(self, *, at_once: bool = False) -> None:
        """Load files that have changed and then stayed as they are since the last look, so that nothing is read between the
        renewal of the one and of the other; `at_once`, also such that have not."""
        present = self._identity()
        settled, self._seen = present == self._seen, present
        if not at_once and (not settled or present == self._loaded):
            return
        self._loaded = present
        try:
            self.context = self._load()
        except ConfigurationError as error:
            self.state.good = False
            log.error("the new certificate is no good; the last good one stays", reason=str(error))
        else:
            self.state.good = True
            log.info("the certificate was read again", not_after=int(self.state.not_after))

    def _load(self) -> ssl.SSLContext:
        context, not_after = load_context(self._files)
        self.state.not_after = not_after
        return context

    def _identity(self) -> _Identity:
        """Of what the files hold. A link is followed."""
        return tuple(_identity(path) for path in (self._files.certificate, self._files.key, self._files.client_ca) if path)


def load_context(files: TlsFiles) -> tuple[ssl.SSLContext, float]:
    """What a server needs to speak TLS 1.2 or later, and when its certificate expires. Raise ConfigurationError that names file
    and key."""
    not_after = _not_after(files.certificate)
    _require_key(files.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(files.certificate, files.key, password=_encrypted)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigurationError(f"{KEY_KEY}: {files.key} is not the key of {files.certificate}") from None
        raise ConfigurationError(f"{CERTIFICATE_KEY}: {files.certificate} cannot be used: {error.reason}") from None
    except OSError as error:
        raise ConfigurationError(f"{CERTIFICATE_KEY}: {files.certificate} cannot be used: {error.strerror}") from None
    if files.client_ca is not None:
        _ask_for_clients(context, files.client_ca)
    return context, not_after


def _not_after(path: Path) -> float:
    octets = _read(path, CERTIFICATE_KEY)
    try:
        return x509.load_pem_x509_certificates(octets)[0].not_valid_after_utc.timestamp()
    except ValueError:
        raise ConfigurationError(f"{CERTIFICATE_KEY}: {path} holds no certificate in PEM") from None


def _require_key(path: Path) -> None:
    octets = _read(path, KEY_KEY)
    try:
        load_pem_private_key(octets, None)
    except TypeError:
        raise ConfigurationError(f"{KEY_KEY}: {path} is encrypted; nobody is there to type its password") from None
    except Exception:  # noqa: BLE001 - of many kinds; their texts may hold parts of the key
        raise ConfigurationError(f"{KEY_KEY}: {path} holds no private key in PEM") from None


def _ask_for_clients(context: ssl.SSLContext, path: Path) -> None:
    """A client may show a certificate or none; one that nobody vouches for ends the handshake."""
    _read(path, CLIENT_CA_KEY)
    try:
        context.load_verify_locations(path)
    except OSError as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(f"{CLIENT_CA_KEY}: {path} cannot be used: {why}") from None
    context.verify_mode = ssl.CERT_OPTIONAL


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{key}: {path} cannot be read: {error.strerror}") from None


def _encrypted() -> NoReturn:
    """Asked for the password of a key that has changed since it was looked at. Without it, OpenSSL asks the terminal."""
    raise OSError(0, "its key is encrypted")


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
