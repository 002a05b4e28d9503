"""`check-config` and `version`: commands that change nothing. The kernel is asked what it would grant, on a socket that is bound
to nothing."""

import argparse

from collector.commands.options import Subparsers, add_config, settings_of


def add(subparsers: Subparsers) -> None:
    check = subparsers.add_parser(
        "check-config",
        help="check the settings and say every mistake",
        description="Read the settings file and the environment as the other commands do, the file of [sla] overrides and the "
        "certificate of [smtp]. Every mistake is told on a line of its own with file (or variable), key and reason; the exit "
        "code is then 78. Says also how large a receive buffer the kernel would give this user for each socket of [snmp] listen. "
        "Where the store is there, its "
        "secrets must open, and sources whose traps others could forge are named, and those that share pass phrases in a "
        "dangerous way.",
    )
    check.add_argument("--show", action="store_true", help="print every key with the value in effect; secrets are masked")
    add_config(check)
    check.set_defaults(run=_check)
    version = subparsers.add_parser("version", help="print the version", description="Print the version of the collector.")
    version.set_defaults(run=_version)


def _check(args: argparse.Namespace) -> int:
    from collector.app.looking_ahead import look_ahead
    from collector.app.smtp_tls import certificate_of
    from collector.calendars import load_calendar
    from collector.config.keys import all_keys, toml_value, words
    from collector.store.engine import check_url

    settings = settings_of(args)
    check_url(settings.store_url)
    load_calendar(settings)
    certificate_of(settings)
    if args.show:
        for path in all_keys():
            print(f"{words(path)} = {toml_value(settings, path)}")
    if settings.snmp.listen:
        print(_receive_buffer(settings.snmp.receive_buffer))
    for warning in look_ahead(settings):
        print(f"warning: {warning}")
    print("the configuration is good")
    return 0


def _receive_buffer(wanted: int) -> str:
    from receivers.snmp.udp import would_grant

    granted = would_grant(wanted)
    said = f"[snmp] receive_buffer: this user would get {granted} of {wanted} octets"
    remedy = "raise net.core.rmem_max, or give the socket its size in its systemd unit (ReceiveBuffer=)"
    return said if granted >= wanted else f"{said}; {remedy}"


def _version(_: argparse.Namespace) -> int:
    from collector import __version__

    print(__version__)
    return 0
