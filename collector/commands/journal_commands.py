"""`journal`: commands about the journal as a whole, for a collector that does not run."""

import argparse
from contextlib import ExitStack

from collector.commands.alone import alone
from collector.commands.opening import require_store_file
from collector.commands.options import Subparsers, add_config, settings_of


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "journal", help="go on after the journal was lost", description="The journal, while the collector does not run."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    accept = actions.add_parser(
        "accept-loss",
        help="go on with a journal that does not belong to the store",
        description="Make a store and a journal that do not belong together usable again, without counting anything twice. "
        "Streams that the journal lost are retired in the store. So are those that it has only in part, from an older backup; "
        "their directories are set aside, as NAME.set-aside, and the receivers begin new ones. What was received and not "
        "processed is lost then, so first try to bring back the journal. Prints a line for each stream; refused while the "
        "collector runs.",
    )
    accept.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_config(accept)
    accept.set_defaults(run=_accept_loss)


def _accept_loss(args: argparse.Namespace) -> int:
    from collector.app.journal import open_journal
    from collector.app.lost_journal import accept_loss
    from collector.app.paths import writer_turn
    from collector.domain.clock import SystemClock
    from collector.store.engine import Store
    from collector.store.schema import require_current
    from collector.writer_turn import WriterTurn

    settings, clock = settings_of(args), SystemClock()
    require_store_file(settings)
    with alone(settings, clock), ExitStack() as undo:
        store = Store(settings.store_url)
        undo.callback(store.close)
        require_current(store)
        turn = WriterTurn(writer_turn(settings))
        undo.callback(turn.close)
        lines = accept_loss(store, open_journal(settings, clock), turn=turn.waiting, dry_run=args.dry_run)
    for line in lines:
        print(line)
    if not lines:
        print("the journal and the store belong together; nothing to do")
    elif args.dry_run:
        print("nothing was done (--dry-run)")
    return 0
