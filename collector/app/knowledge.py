"""What `process` and the API know about customers and rules, kept up to date while they run."""

import os
import time
from dataclasses import asdict, replace

from collector.config import Settings
from collector.domain.errors import ConfigurationError
from collector.domain.mail import Mail
from collector.domain.terms import Terms
from collector.domain.trap import Trap
from collector.logs import Log
from collector.own_engine_file import own_engine_id
from collector.pipeline.draft import Decoders
from collector.pipeline.mail_origin import MailOrigins
from collector.pipeline.remembered import RememberedRules
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.registry import Registry, load_registry, registry_version
from rules.engine import RuleSet
from rules.explain import explain_mail, explain_trap
from rules.loader import builtin_packs_path, load_folders

_LOOK_SECONDS = 0.5
log = Log(__name__)


class KnowledgeKeeper:
    """Call it for the present knowledge. Twice a second it asks the store whether the registry changed."""

    def __init__(self, store: Store, settings: Settings, decoders: Decoders, terms: Terms, box: SecretBox) -> None:
        """Raise ConfigurationError when no rule pack can be loaded or secrets of sources cannot be opened, Unavailable when the
        store is away."""
        self._store = store
        self._box = box
        self._settings = settings
        with store.read() as connection:
            registry = load_registry(connection, self._box)
        self._ruleset = load_rules(settings)
        remembered = RememberedRules(self._ruleset)
        origins = MailOrigins(
            settings.smtp.trusted_relays,
            authserv_ids=settings.smtp.authserv_ids,
            domains=settings.smtp.domains_of_mailboxes,
        )
        self._knowledge = Knowledge(registry, self._index(registry), remembered, decoders, settings.site, terms, origins)
        self._looked_at = time.monotonic()
        self._refused: int | None = None
        """The version of the registry whose secrets cannot be opened: what was known before stays."""

    def __call__(self) -> Knowledge:
        """Raise Unavailable when the store is away."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._refresh()
        return self._knowledge

    @property
    def present(self) -> Knowledge:
        """Without asking the store whether it changed."""
        return self._knowledge

    def _refresh(self) -> None:
        with self._store.read() as connection:
            version = registry_version(connection)
            if version in (self._knowledge.registry.version, self._refused):
                return
            try:
                registry = load_registry(connection, self._box)
            except ConfigurationError as error:
                self._refused = version
                log.error("customers were not read again", reason=str(error))
                return
        self._knowledge = replace(self._knowledge, registry=registry, index=self._index(registry))
        log.info("customers were read again", version=registry.version, sources=len(registry.sources))

    def _index(self, registry: Registry) -> SourceIndex:
        own = own_engine_id(self._settings, os.environ)
        return SourceIndex(registry.sources, relays=self._settings.snmp.trusted_relays, own_engine=own)

    def reload_rules(self) -> None:
        """Read the packs again. The last good set stays, as a whole, when a pack of it is broken or gone."""
        try:
            loaded = load_rules(self._settings)
        except ConfigurationError as error:
            log.error("the rules were not reloaded", reason=str(error))
            return
        missing = {pack.name for pack in self._ruleset.packs} - {pack.name for pack in loaded.packs}
        if missing:
            log.error("the rules were not reloaded", reason=f"without {', '.join(sorted(missing))}; restart to leave a pack out")
            return
        self._ruleset = loaded
        self._knowledge = replace(self._knowledge, rules=RememberedRules(loaded))

    def explain(self, decoded: Trap | Mail, source: str, products: tuple[str, ...]) -> dict[str, object]:
        """Every kind and rule that is tried for it, condition by condition, ready for JSON."""
        if isinstance(decoded, Trap):
            told = explain_trap(self._ruleset, decoded, source=source, products=products)
        else:
            told = explain_mail(self._ruleset, decoded, source=source, products=products)
        return {
            "recognised_by": told.recognised_by,
            "kinds": [asdict(kind) for kind in told.kinds],
            "rows": [asdict(row) for row in told.rows],
        }


def load_rules(settings: Settings) -> RuleSet:
    """The packs of the product and of the installation. A broken pack is left out and said; raise ConfigurationError when none
    is left."""
    own = settings.rules.packs_dir
    loaded = load_folders([builtin_packs_path()] if own is None else [builtin_packs_path(), own])
    for file, error in loaded.refused.items():
        log.error("a rule pack was refused", file=file, reason=str(error))
    if not loaded.ruleset.packs:
        raise ConfigurationError("no rule pack could be loaded")
    log.info("rules were read", packs=len(loaded.ruleset.packs), refused=len(loaded.refused), hash=loaded.ruleset.hash)
    return loaded.ruleset
