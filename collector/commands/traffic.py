"""`send-trap` and `simulate`: commands that send to a collector, this one or another. How they send is in `collector.traffic`."""

import argparse
import sys
from typing import TYPE_CHECKING

from collector.commands import values
from collector.commands.options import Subparsers, add_config, settings_of

if TYPE_CHECKING:
    from collector.domain.trap import Trap, Varbind
    from collector.traffic.counts import Counts

_DEFAULT_SECONDS = 10.0

SEND_EXAMPLES = """\
examples:
  collector send-trap --community demo-acme --oid 1.3.6.1.4.1.3417.2.12.2.0.3 \\
      --varbind '1.3.6.1.4.1.3417.2.12.1.1.1.0=s:CPU Utilization: CRITICAL'
  collector send-trap --version v1 --community demo-acme --enterprise 1.3.6.1.4.1.3417.2.12.2 --specific 3 \\
      --varbind '1.3.6.1.4.1.3417.2.12.1.1.1.0=s:CPU Utilization: CRITICAL'

types of varbinds: s text, i integer, u unsigned, t time ticks, c Counter32, C Counter64 (not in v1), o OID, a IPv4 address,
x octets in hexadecimal. Exit code 0: all was sent and, with --inform, answered.
"""

SIMULATE_EXAMPLES = """\
examples:
  collector simulate --community demo-acme --mailbox acme-sepm@collector.localhost --rate 50 --seconds 20
  collector simulate --community demo-acme --mails-share 0 --informs-share 0.2 --sources 50 --rate 5000 --count 100000

The notifications are those of the rule packs' own tests, with other hosts, risks, metrics and times; the same seed gives the
same ones. Exit code 0: all was sent, and every inform and mail was acknowledged.
"""


def add(subparsers: Subparsers) -> None:
    _add_send_trap(subparsers)
    _add_simulate(subparsers)


def _add_send_trap(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "send-trap",
        help="send one SNMP trap or inform",
        description="Send an SNMP v1 trap, v2c trap or v2c inform: what net-snmp's snmptrap and snmpinform do, without MIB files "
        "and without looking up names.",
        epilog=SEND_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--to", metavar="HOST:PORT", type=values.target, default="127.0.0.1:1162", help="where to (default %(default)s)")
    option("--version", choices=["v1", "v2c"], default="v2c", help="version of the message (default %(default)s)")
    option("--inform", action="store_true", help="send an inform and wait for its answer (v2c only)")
    option("--community", default="public", help="community (default %(default)s)")
    option("--oid", type=values.oid, help="v2c: the trap's OID, the value of snmpTrapOID.0")
    option("--enterprise", metavar="OID", type=values.oid, help="v1: enterprise")
    option(
        "--generic",
        metavar="N",
        type=values.integer(0, 6),
        default=6,
        help="v1: generic trap number, 0 to 6 (default %(default)s)",
    )
    option(
        "--specific",
        metavar="N",
        type=values.integer(0, 2**31 - 1),
        default=0,
        help="v1: specific trap number (default %(default)s)",
    )
    option("--agent", metavar="ADDRESS", type=values.ipv4, help="IPv4 address of the agent, when it is not the sender's own")
    option(
        "--varbind",
        metavar="OID=TYPE:VALUE",
        dest="varbinds",
        type=values.varbind,
        action="append",
        default=[],
        help="a variable; may be repeated. Types: below",
    )
    option("--count", metavar="N", type=values.integer(1, 10_000_000), default=1, help="how many times (default %(default)s)")
    option("--rate", metavar="R", type=values.number(0.01, 100_000), default=0.0, help="so many per second (default: no pause)")
    option(
        "--timeout",
        metavar="S",
        type=values.number(0.01, 600),
        default=1.0,
        help="seconds to wait for an answer (default %(default)s)",
    )
    option("--retries", metavar="N", type=values.integer(0, 100), default=3, help="more tries of an inform (default %(default)s)")
    option("--bind", metavar="ADDRESS", type=values.ip, help="send from this address of the machine")
    parser.set_defaults(run=_send_trap, parser=parser)


def _add_simulate(subparsers: Subparsers) -> None:
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


def _send_trap(args: argparse.Namespace) -> int:
    from collector.domain.clock import SystemClock
    from collector.traffic.sender import Sending, send

    trap = _trap(args)
    sending = Sending(
        trap, args.to, count=args.count, per_second=args.rate, timeout=args.timeout, retries=args.retries, source=args.bind
    )
    sent = send(sending, SystemClock())
    what = f"{args.version} {'inform' if args.inform else 'trap'}{'' if sent.notifications == 1 else 's'}"
    print(f"{sent.notifications} {what} sent to {args.to}{_answers(sent.latencies_ns, sent.tries)}")
    return 0


def _answers(latencies_ns: list[int], tries: int) -> str:
    if not latencies_ns:
        return ""
    return f", all answered; slowest answer {max(latencies_ns) / 1e6:.1f} ms, {tries - len(latencies_ns)} sent again"


def _trap(args: argparse.Namespace) -> "Trap":
    """The notification that the options describe; wrong combinations end as wrong usage."""
    from collector.domain.trap import Pdu, SnmpVersion, Trap

    varbinds: list[Varbind] = args.varbinds
    community = args.community.encode("utf-8", "surrogateescape")
    if args.version == "v1":
        if args.inform:
            args.parser.error("--inform: SNMPv1 has no informs")
        if args.oid or not args.enterprise:
            args.parser.error("--version v1 needs --enterprise (with --generic and --specific) instead of --oid")
        return Trap(
            SnmpVersion.V1,
            community,
            Pdu.TRAP_V1,
            0,
            "",
            None,
            varbinds,
            enterprise=args.enterprise,
            agent_address=args.agent or "",
            generic=args.generic,
            specific=args.specific,
        )
    if args.enterprise or not args.oid:
        args.parser.error("a v2c notification needs --oid; --enterprise, --generic and --specific belong to --version v1")
    pdu = Pdu.INFORM if args.inform else Pdu.TRAP_V2
    return Trap(SnmpVersion.V2C, community, pdu, _any_request_id(), args.oid, None, varbinds, agent_address=args.agent or "")


def _any_request_id() -> int:
    """Another one in every run: two informs with the same id within a minute could be taken for one that was sent again."""
    import secrets

    return secrets.randbelow(2**30)


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
