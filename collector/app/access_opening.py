"""Opening the communities and pass phrases of the snapshot, for the receivers of traps. Those of mails need none of them."""

from collector.app.paths import snapshot
from collector.config import Settings
from collector.domain.snmp_access import SnmpAccess
from collector.sealed_access import access_of
from collector.secret_keys import own_key_file
from collector.secrets import SecretBox
from collector.snapshot import SEALED_FOR


class AccessOpener:
    """Opens what was sealed for the snapshot. At the very first start there may be neither a key nor a snapshot: the key is then
    read with the first access."""

    def __init__(self, settings: Settings) -> None:
        """Raise ConfigurationError when the keys cannot be read, or are missing though there is a snapshot."""
        self._settings = settings
        own = own_key_file(settings)
        needless = own is not None and not own.exists() and not snapshot(settings).exists()
        self._box = None if needless else SecretBox.of_settings(settings)

    def __call__(self, sealed: str) -> SnmpAccess:
        """Raise ConfigurationError when it cannot be opened."""
        if self._box is None:
            self._box = SecretBox.of_settings(self._settings)
        return access_of(sealed, self._box, SEALED_FOR)
