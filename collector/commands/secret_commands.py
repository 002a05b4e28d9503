"""`secrets`: the key that seals communities and pass phrases, when it changes and when it is lost."""

import argparse
from typing import TYPE_CHECKING

from collector.commands.opening import opened_store
from collector.commands.options import Subparsers, add_config, settings_of

if TYPE_CHECKING:
    from collector.store.sealing import Lost


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "secrets",
        help="seal the store's secrets with a new key",
        description="Communities, pass phrases and the key that seals them.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    seal = actions.add_parser(
        "seal",
        help="seal everything with the newest key",
        description="Seal communities, pass phrases and kept originals of traps with the newest key: the first one of [secrets] "
        "key or of <data_dir>/secret.key. Older keys, behind it, open what they sealed; afterwards nothing in the store needs "
        "them. The collector may run, when it has the newest key too.",
    )
    add_config(seal)
    seal.set_defaults(run=_seal)
    _add_forget(actions)


def _add_forget(actions: Subparsers) -> None:
    forget = actions.add_parser(
        "forget",
        help="go on after a key was lost",
        description="Go on without what no key opens any more. Without --yes it only shows what that is and changes nothing: "
        "sources, which lose their SNMP access (what they send is believed again when a customers file is imported again), and "
        "kept originals of traps, which are gone for good; their cases stay. First try to bring back the key: then nothing is "
        "lost. With --yes it makes <data_dir>/secret.key when the settings name no key and it is missing.",
    )
    forget.add_argument("--yes", action="store_true", help="forget what is shown; not even the lost key brings it back then")
    add_config(forget)
    forget.set_defaults(run=_forget)


def _seal(args: argparse.Namespace) -> int:
    from collector.app.sealing import box_for, told
    from collector.store.schema import require_current
    from collector.store.sealing import seal_again

    settings = settings_of(args)
    with opened_store(settings) as (store, turn):
        require_current(store)
        lines = told(seal_again(store, box_for(settings, store), turn=turn))
    for line in lines:
        print(line)
    print("the newest key seals everything in the store")
    return 0


def _forget(args: argparse.Namespace) -> int:
    from collector.secret_keys import make_own_key, new_key, own_key_file
    from collector.secrets import SecretBox
    from collector.store.schema import require_current
    from collector.store.sealing import forget_lost

    settings = settings_of(args)
    with opened_store(settings) as (store, turn):
        require_current(store)
        own = own_key_file(settings)
        missing = own if own is not None and not own.exists() else None
        if missing is not None and not args.yes:
            box = SecretBox([new_key()])
        else:
            make_own_key(settings)
            box = SecretBox.of_settings(settings)
        lost = forget_lost(store, box, turn=turn, dry_run=not args.yes)
    for line in forgotten(lost) or ["every secret can be opened; nothing to forget"]:
        print(line)
    if lost and not args.yes:
        which = "the key that sealed them" if missing is None else f"{missing}, which is missing,"
        print(f"bring back {which} from a backup for instance, and nothing of this is lost")
        print("nothing was forgotten; `collector secrets forget --yes` does it, for good")
    return 0


def forgotten(lost: "Lost") -> list[str]:
    """A line for each source, and one for the originals."""
    sources = [f"source {owner}: without SNMP until it is imported again" for owner in lost.sources]
    if lost.originals:
        sources.append(f"kept originals of traps: {lost.originals}, of {lost.cases} cases, are gone for good; the cases stay")
    return sources
