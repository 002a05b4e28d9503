"""`simulate`: a mix of notifications for a collector, this one or another. How they are sent is in `collector.traffic`."""

import argparse
import sys
from typing import TYPE_CHECKING

from collector.commands import values
from collector.commands.options import Subparsers, add_config, settings_of

if TYPE_CHECKING:
    from collector.traffic.counts import Counts

_DEFAULT_SECONDS = 10.0

SIMULATE_EXAMPLES = """\
examples:
  collector simulate --community demo-acme --mailbox acme-sepm@collector.localhost --rate 50 --seconds 20
  collector simulate --community demo-acme --mails-share 0 --informs-share 0.2 --sources 50 --rate 5000 --count 100000

The notifications are those of the rule packs' own tests, with other hosts, risks, metrics and times; the same seed gives the
same ones. Exit code 0: all was sent, and every inform and mail was acknowledged.
"""


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "simulate",
        help="send a realistic mix of notifications",
        description="Send the notifications that the rule packs know, traps, informs and mails mixed, at a steady rate, so that "
        "cases open, join and clear. Only to this machine, unless --allow-remote says otherwise.",
        epilog=SIMULATE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option(
        "--trap-to",
        metavar="HOST:PORT",
        type=values.target,
        default="127.0.0.1:1162",
        help="traps go there (default %(default)s)",
    )
    option(
        "--mail-to",
        metavar="HOST:PORT",
        type=values.target,
        default="127.0.0.1:1025",
        help="mails go there (default %(default)s)",
    )
    option("--community", default="public", help="community of the traps (default %(default)s)")
    option("--mailbox", metavar="ADDRESS", type=values.mailbox, help="recipient of the mails; without it there are none")
    option("--rate", metavar="R", type=values.number(0.1, 100_000), default=50.0, help="notifications per second (default 50)")
    option("--seconds", metavar="S", type=values.number(0.1, 86_400), help="for so long (default 10, when --count is not given)")
    option("--count", metavar="N", type=values.integer(1, 100_000_000), help="so many")
    option("--mails-share", metavar="X", type=values.share, default=0.2, help="share of mails, 0 to 1 (default %(default)s)")
    option(
        "--informs-share",
        metavar="X",
        type=values.share,
        default=0.1,
        help="share of informs among the v2c traps (default %(default)s)",
    )
    option(
        "--sources",
        metavar="N",
        type=values.integer(1, 250),
        default=1,
        help="send from so many addresses, from 127.0.0.2 on; to other machines from one (default %(default)s)",
    )
    option(
        "--hosts",
        metavar="N",
        type=values.integer(1, 9_999),
        default=20,
        help="computers that the texts name (default %(default)s)",
    )
    option("--seed", metavar="N", type=int, default=1, help="another number, other notifications (default %(default)s)")
    option("--allow-remote", action="store_true", help="permit targets on other machines")
    add_config(parser)
    parser.set_defaults(run=_simulate, parser=parser)


def _simulate(args: argparse.Namespace) -> int:
    import secrets

    from collector.app.knowledge import load_rules
    from collector.domain.clock import SystemClock
    from collector.traffic.mix import Mix, Shares
    from collector.traffic.simulation import Plan, simulate

    if not args.allow_remote:
        for name, target in (("--trap-to", args.trap_to), ("--mail-to", args.mail_to)):
            if not target.is_loopback:
                args.parser.error(f"{name}: {target} is another machine; --allow-remote permits that")
    if args.mailbox is None and args.mails_share:
        args.parser.error("mails need a --mailbox to go to; --mails-share 0 sends none")
    clock = SystemClock()
    shares = Shares(args.mails_share, args.informs_share, args.hosts)
    community = args.community.encode("utf-8", "surrogateescape")
    mix = Mix(load_rules(settings_of(args)), shares, community=community, seed=args.seed, at=clock.now())
    seconds = None if args.count else args.seconds or _DEFAULT_SECONDS
    mailbox = args.mailbox if args.mails_share else None
    plan = Plan(args.trap_to, args.mail_to, mailbox, args.rate, args.count, seconds, args.sources)
    counts = simulate(plan, iter(mix), clock, run=secrets.randbelow(2**62), say=lambda line: print(line, file=sys.stderr))
    return _summary(counts)


def _summary(counts: "Counts") -> int:
    print(f"{counts.sent} sent: {counts.traps} traps, {counts.informs} informs, {counts.mails} mails")
    print(f"{counts.answered} of {counts.informs + counts.mails} informs and mails acknowledged, {counts.resent} sent again")
    if counts.refused:
        print(f"{counts.refused} refused or never acknowledged; the first: {counts.first_refusal}")
    return 1 if counts.refused else 0
