"""`mib`: names from the MIB files of an administrator. Touches neither the store nor the network; running roles notice by
themselves."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from collector.commands.options import Subparsers, add_config, settings_of
from collector.domain.errors import NotFound, Rejected
from collector.logs import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.names.load import LoadReport
    from collector.names.model import Module


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "mib",
        help="names from MIB files",
        description="Names for the OIDs of traps and their variables, from MIB files.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    load = actions.add_parser(
        "load",
        help="load the MIB files of a directory",
        description="Read every MIB file of a directory and of those in it, and keep the names in it for the page, the API and "
        "`explain`. What a module imports must be in the directory, have been loaded before, or be one of the standard modules "
        "that come with the collector; nothing is fetched from the network. A bad file is told with its line and reason and left "
        "out, the others load; the exit code is then 1. A module that was loaded before is replaced. Running roles show the new "
        "names at once.",
    )
    load.add_argument("folder", metavar="DIR", type=Path, help="the directory; symbolic links in it are not followed")
    load.set_defaults(run=_load)
    list_ = actions.add_parser(
        "list",
        help="list the modules that were loaded",
        description="Print each loaded module with its number of names and of traps among them, and the file it came from.",
    )
    list_.add_argument("--all", action="store_true", help="those that come with the collector too")
    list_.set_defaults(run=_list)
    remove = actions.add_parser(
        "remove", help="forget a loaded module", description="Forget a loaded module. Those that import it keep their names."
    )
    remove.add_argument("module", metavar="MODULE", help="as `mib list` prints it, e.g. EXAMPLE-MIB")
    remove.set_defaults(run=_remove)
    for action in (load, list_, remove):
        add_config(action)


def _load(args: argparse.Namespace) -> int:
    from collector.app.paths import loaded_names
    from collector.names.catalogue import catalogue
    from collector.names.load import load_folder
    from collector.names.loaded import changing
    from collector.names.parsing import Limits

    folder: Path = args.folder
    if not folder.is_dir():
        raise Rejected(f"DIR: {folder} is not a directory")
    with changing(loaded_names(settings_of(args))) as loaded:
        report = load_folder(folder, ours=catalogue(), loaded=loaded, limits=Limits())
        loaded.update((module.name, module) for module in report.modules)
    for line in _lines(report):
        print(escaped(line))
    return 0 if report.modules and not report.skipped else 1


def _lines(report: "LoadReport") -> "Iterator[str]":
    for module in report.modules:
        yield f"loaded   {_told(module)}"
    for file, name in report.kept:
        yield f"kept     {name}: comes with the collector ({file})"
    for file in report.without:
        yield f"no MIB   {file}: no module begins in it"
    for skipped in report.skipped:
        yield f"skipped  {skipped}"
    yield f"{len(report.modules)} modules loaded, {len(report.skipped)} skipped"


def _told(module: "Module") -> str:
    from collector.names.model import NameKind

    file = f" ({module.file})" if module.file else ""
    named = len(module.names) - module.count(NameKind.NODE)
    return f"{module.name}: {named} names, {module.count(NameKind.TRAP)} of them traps{file}"


def _list(args: argparse.Namespace) -> int:
    from collector.app.paths import loaded_names
    from collector.names.catalogue import catalogue
    from collector.names.file import read_modules

    loaded = read_modules(loaded_names(settings_of(args)))
    ours = catalogue() if args.all else {}
    for name, module in sorted({**ours, **loaded}.items()):
        origin = "loaded" if name in loaded else "ours"
        print(escaped(f"{origin:<8} {_told(module)}"))
    if not loaded:
        print("no MIB file was loaded")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from collector.app.paths import loaded_names
    from collector.names.loaded import changing

    file, unknown = loaded_names(settings_of(args)), f"MODULE: {args.module} was not loaded; `collector mib list` says what was"
    if not file.parent.exists():
        raise NotFound(unknown)
    with changing(file) as loaded:
        if loaded.pop(args.module, None) is None:
            raise NotFound(unknown)
    print(f"{args.module} is forgotten")
    return 0
