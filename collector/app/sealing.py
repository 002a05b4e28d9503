"""Which key a store's secrets get, and what is told of sealing them."""

from collector.config import Settings
from collector.secret_keys import make_own_key
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.sealing import Sealed, holds_sealed


def box_for(settings: Settings, store: Store) -> SecretBox:
    """With the collector's own key made first where there is none and nothing needs the one that is missing: another key in its
    place would only hide that it is lost.

    Raise ConfigurationError when there is no key, or it cannot be read or made; Unavailable when the store is away.
    """
    if not holds_sealed(store):
        make_own_key(settings)
    return SecretBox.of_settings(settings)


def told(sealed: Sealed) -> list[str]:
    """A line for each kind of which there were some."""
    counts = (("sources", sealed.sources), ("kept originals", sealed.originals))
    return [f"the secrets of {count} {what} were sealed with the newest key" for what, count in counts if count]
