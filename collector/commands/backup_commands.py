"""`backup` and `restore`: the whole installation into a directory, and back."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from collector.commands.alone import alone
from collector.commands.opening import opened_store
from collector.commands.options import Subparsers, add_config, settings_of
from collector.commands.secret_commands import forgotten

if TYPE_CHECKING:
    from collector.backup.manifest import Manifest
    from collector.config import Settings


def add(subparsers: Subparsers) -> None:
    backup = subparsers.add_parser(
        "backup",
        help="back up store, journal and settings",
        description="Write a backup into a new directory: the store of one moment, the journal up to right after it, the "
        "settings file, and the overrides and rule packs that it names. The collector may run and be busy. The directory has its "
        "name only when everything in it is on the disk. It holds what the data directory holds: mails, traps with their "
        "communities, hashes of keys and passwords, and <data_dir>/secret.key, when the collector made it, with which everything "
        "that is sealed can be read. Keep it as safe.",
    )
    backup.add_argument("directory", metavar="DIRECTORY", type=Path, help="is made; must not be there yet")
    backup.add_argument("--store-only", action="store_true", help="without the journal, to move the store to another database")
    backup.add_argument("--without-key", action="store_true", help="leave out <data_dir>/secret.key; you keep it elsewhere")
    add_config(backup)
    backup.set_defaults(run=_backup)
    restore = subparsers.add_parser(
        "restore",
        help="bring back a backup",
        description="Bring a backup back into an installation whose store and journal are empty; nothing is overwritten, and a "
        "restore that fails changes nothing. The store may be another database than the one that was backed up: SQLite and "
        "PostgreSQL both take every backup. A store of an older version is brought to this one. What was acknowledged after the "
        "backup is not in it; the receivers begin new streams, so that no id is given twice. Everybody has to sign in again. "
        "The key of the secrets is brought back where there is none; where there is one, everything is sealed anew with it. "
        "Settings are not brought back: they lie in the backup under settings/. Refused while the collector runs.",
    )
    restore.add_argument("directory", metavar="DIRECTORY", type=Path, help="what `collector backup` made")
    restore.add_argument(
        "--store-only",
        action="store_true",
        help="only the store, beside the journal that was not lost: it is processed again from there",
    )
    restore.add_argument(
        "--forget-secrets",
        action="store_true",
        help="the key is lost: leave out what cannot be opened; those sources need another import of the customers file",
    )
    add_config(restore)
    restore.set_defaults(run=_restore)


def _backup(args: argparse.Namespace) -> int:
    from collector.app.journal import open_journal
    from collector.backup.keys import key_to_back_up
    from collector.backup.writing import Installation, back_up
    from collector.config.load import CONFIG_VARIABLE
    from collector.domain.clock import SystemClock
    from collector.store.schema import require_current

    settings, clock = settings_of(args), SystemClock()
    named = args.config or os.environ.get(CONFIG_VARIABLE)
    with opened_store(settings) as (store, _):
        require_current(store)
        journal = None if args.store_only else open_journal(settings, clock)
        key = None if args.without_key else key_to_back_up(settings)
        what = Installation(settings, Path(named) if named else None, store, journal, key)
        manifest = back_up(what, args.directory.absolute(), clock=clock, say=_say)
    for line in [*_contents(manifest), _about_key(settings, manifest)]:
        print(line)
    return 0


def _restore(args: argparse.Namespace) -> int:
    from collector.backup.restoring import Wanted, restore
    from collector.domain.clock import SystemClock

    settings, clock = settings_of(args), SystemClock()
    with alone(settings, clock):
        wanted = Wanted(store_only=args.store_only, forget_secrets=args.forget_secrets)
        restored = restore(args.directory.absolute(), settings, wanted, clock=clock, say=_say)
        lines = _restored(restored.manifest, settings, store_only=args.store_only)
    for line in [*lines, *forgotten(restored.lost)]:
        print(line)
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _contents(manifest: "Manifest") -> list[str]:
    rows = manifest.rows
    octets = sum(file.size for file in manifest.files)
    return [
        f"backup of {manifest.created_at}: {len(manifest.files)} files, {octets:,} octets",
        f"store: version {manifest.schema}, {rows['cases']:,} cases, {rows['notifications']:,} notifications",
        *(f"journal: {stream.name} up to {stream.end}" for stream in manifest.streams or ()),
    ]


def _about_key(settings: "Settings", manifest: "Manifest") -> str:
    from collector.backup.manifest import KEY
    from collector.secret_keys import KEY_NAME, own_key_file

    if KEY in {file.path for file in manifest.files}:
        return f"{KEY}: is in the backup; whoever has it can read communities and pass phrases"
    where = own_key_file(settings)
    return f"without the key of the secrets, which is in {where or KEY_NAME}: keep it too, a restore needs it"


def _restored(manifest: "Manifest", settings: "Settings", *, store_only: bool) -> list[str]:
    lines = [
        *_contents(manifest)[1:2],
        f"as it was at {manifest.created_at}; keys, users and customers too: look what changed since",
    ]
    if store_only:
        return [*lines, *_beside_the_journal(settings)]
    told = "what it took after that is lost, its lane begins a new stream"
    return [*lines, *(f"{one.name}: brought back up to {one.end}; {told}" for one in manifest.streams or ())]


def _beside_the_journal(settings: "Settings") -> list[str]:
    from collector.app.journal import open_journal
    from collector.app.lost_journal import look_for_troubles
    from collector.domain.clock import SystemClock
    from collector.store.engine import Store

    store = Store(settings.store_url)
    try:
        found = look_for_troubles(store, open_journal(settings, SystemClock()))
    finally:
        store.close()
    if found:
        return [f"{trouble.stream}: {trouble.text}. {trouble.remedy}" for trouble in found]
    return ["the journal belongs to it; what was received since then is processed again at the next start"]
