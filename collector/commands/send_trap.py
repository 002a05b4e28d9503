"""`send-trap`: one notification, again and again if wanted, for a collector or another receiver. How it is sent is in
`collector.traffic`."""

import argparse
from typing import TYPE_CHECKING

from collector.commands import values
from collector.commands.options import Subparsers
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpUser

if TYPE_CHECKING:
    from collector.domain.trap import Trap, Varbind

EXAMPLES = """\
examples:
  collector send-trap --community demo-acme --oid 1.3.6.1.4.1.3417.2.12.2.0.3 \\
      --varbind '1.3.6.1.4.1.3417.2.12.1.1.1.0=s:CPU Utilization: CRITICAL'
  collector send-trap --version v1 --community demo-acme --enterprise 1.3.6.1.4.1.3417.2.12.2 --specific 3 \\
      --varbind '1.3.6.1.4.1.3417.2.12.1.1.1.0=s:CPU Utilization: CRITICAL'
  collector send-trap --version v3 --user console-1 --auth file:auth.txt --priv env:PRIV_PASS_PHRASE --inform \\
      --oid 1.3.6.1.4.1.3417.2.12.2.0.3

types of varbinds: s text, i integer, u unsigned, t time ticks, c Counter32, C Counter64 (not in v1), o OID, a IPv4 address,
x octets in hexadecimal. Exit code 0: all was sent and, with --inform, answered.
v3: the level follows from the pass phrases that are given: none noAuthNoPriv, --auth authNoPriv, both authPriv. A pass phrase is
the first line of a file (file:PATH) or a variable of the environment (env:NAME). Traps come from an engine that has counted its
time since 2020, so that receivers find it in time from one command to the next. The engine of whoever takes informs is asked for.
"""


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "send-trap",
        help="send one SNMP trap or inform",
        description="Send an SNMP trap (v1, v2c, v3) or inform (v2c, v3): what net-snmp's snmptrap and snmpinform do, without "
        "MIB files and without looking up names.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--to", metavar="HOST:PORT", type=values.target, default="127.0.0.1:1162", help="where to (default %(default)s)")
    option("--version", choices=["v1", "v2c", "v3"], default="v2c", help="version of the message (default %(default)s)")
    option("--inform", action="store_true", help="send an inform and wait for its answer (not in v1)")
    option("--community", default="public", help="v1, v2c: community (default %(default)s)")
    _add_v3(parser)
    option("--oid", type=values.oid, help="v2c, v3: the trap's OID, the value of snmpTrapOID.0")
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
    parser.set_defaults(run=_run, parser=parser)


def _add_v3(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--user", metavar="NAME", type=values.snmp_user, help="v3: name of the user")
    option("--auth", metavar="SOURCE", type=values.secret, help="v3: pass phrase for authentication: file:PATH or env:NAME")
    option(
        "--auth-protocol",
        choices=[protocol.value for protocol in AuthProtocol],
        default="SHA-256",
        help="v3: with --auth (default %(default)s); MD5 and SHA are weak",
    )
    option("--priv", metavar="SOURCE", type=values.secret, help="v3: pass phrase for encryption: file:PATH or env:NAME")
    option(
        "--priv-protocol",
        choices=[protocol.value for protocol in PrivProtocol],
        default="AES",
        help="v3: with --priv (default %(default)s); -C: keys lengthened as Cisco does; DES and 3DES are weak",
    )
    option(
        "--engine-id", metavar="HEX", type=values.engine_id, help="v3 traps: engine that they come from (default: one of our own)"
    )


def _run(args: argparse.Namespace) -> int:
    from collector.domain.clock import SystemClock
    from collector.traffic.sender import Sending, send

    user = _user(args)
    sending = Sending(
        _trap(args),
        args.to,
        count=args.count,
        per_second=args.rate,
        timeout=args.timeout,
        retries=args.retries,
        source=args.bind,
        user=user,
        engine_id=args.engine_id or b"",
    )
    sent = send(sending, SystemClock())
    what = f"{args.version} {'inform' if args.inform else 'trap'}{'' if sent.notifications == 1 else 's'}"
    print(f"{sent.notifications} {what} sent to {args.to}{_answers(sent.latencies_ns, sent.tries)}")
    return 0


def _answers(latencies_ns: list[int], tries: int) -> str:
    if not latencies_ns:
        return ""
    return f", all answered; slowest answer {max(latencies_ns) / 1e6:.1f} ms, {tries - len(latencies_ns)} sent again"


def _user(args: argparse.Namespace) -> SnmpUser | None:
    """Who sends in v3, None in the other versions; wrong combinations end as wrong usage."""
    if args.version != "v3":
        if args.user or args.auth or args.priv or args.engine_id:
            args.parser.error("--user, --auth, --priv and --engine-id belong to --version v3")
        return None
    if not args.user:
        args.parser.error("--version v3 needs --user")
    if args.priv and not args.auth:
        args.parser.error("--priv: nothing is encrypted without --auth")
    if args.engine_id and args.inform:
        args.parser.error("--engine-id: the engine of an inform is the receiver's, which is asked for it")
    auth = AuthProtocol(args.auth_protocol) if args.auth else None
    priv = PrivProtocol(args.priv_protocol) if args.priv else None
    return SnmpUser(args.user, auth, args.auth or b"", priv, args.priv or b"")


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
        args.parser.error(
            f"a {args.version} notification needs --oid; --enterprise, --generic and --specific belong to --version v1"
        )
    pdu = Pdu.INFORM if args.inform else Pdu.TRAP_V2
    version = SnmpVersion.V3 if args.version == "v3" else SnmpVersion.V2C
    return Trap(version, community, pdu, _any_request_id(), args.oid, None, varbinds, agent_address=args.agent or "")


def _any_request_id() -> int:
    """Another one in every run: two informs with the same id within a minute could be taken for one that was sent again."""
    import secrets

    return secrets.randbelow(2**30)
