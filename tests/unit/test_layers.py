"""Imports go down only, libraries stay where they belong, and one module alone asks the operating system for the time."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("collector", "receivers", "rules", "api")

LAYERS: tuple[tuple[str, ...], ...] = (
    ("collector.domain",),
    (
        "collector.metrics",
        "collector.logs",
        "collector.config",
        "collector.ownership",
        "collector.passwords",
        "collector.secret_keys",
        "collector.secrets",
        "collector.sealed_access",
        "collector.stop",
        "collector.wake",
        "collector.writer_turn",
    ),
    ("collector.journal", "collector.names", "collector.store", "collector.snapshot", "rules"),
    ("collector.pipeline", "collector.actions", "collector.changes", "collector.handoff"),
    ("api", "receivers"),
    ("collector",),
)
"""Units by layer, lowest first. A module belongs to the unit with the longest matching name; what no line names is at the top."""

MAY_MEET = frozenset({1, 3, 5})
"""Layers whose units may import each other; in the others each unit stands alone."""

REACH = {
    "receivers": {"collector.domain", "collector.metrics", "collector.logs", "collector.journal", "collector.snapshot"},
    "rules": {"collector.domain"},
    "collector.names": {"collector.domain", "collector.logs", "collector.ownership"},
}
"""Units that reach less than their layer would allow."""

AT_HOME = {
    "sqlalchemy": ("collector.store",),
    "sqlmodel": ("collector.store",),
    "alembic": ("collector.store",),
    "aiosmtpd": ("receivers.smtp",),
    "fastapi": ("api",),
    "starlette": ("api",),
    "uvicorn": ("api", "collector.app"),
    "pysnmp": ("collector.traffic",),
    "pysmi": ("collector.names.parse",),
    "sigma": ("rules",),
    "re2": ("rules",),
    "holidays": ("collector.calendars",),
    "argon2": ("collector.passwords",),
    "jinja2": ("api.web",),
}
"""Libraries that only these modules, and those below them, import."""

MONOTONIC = {
    *("collector.app.knowledge", "collector.app.process", "collector.pipeline.processor"),
    *("collector.store.engine", "collector.store.postgresql"),
}
"""Modules that may read a monotonic clock themselves, for time-outs and durations: none of their results depends on it."""

PAUSING = {"collector.journal.recovery", "collector.pipeline.processor", "collector.store.engine"}
"""Modules that may pause: a lock of another process that has no wake-up, and the turn of another writer."""


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    def imports(self) -> Iterator[str]:
        """Full names of what is imported, inside functions too; for `from a import b` the name `a.b`."""
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [Module(_name(path), path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
EVERY_MODULE = pytest.mark.parametrize("module", [pytest.param(module, id=module.name) for module in MODULES])


def inside(name: str, unit: str) -> bool:
    return name == unit or name.startswith(f"{unit}.")


def unit_of(name: str) -> tuple[int, str]:
    """(layer, unit) of a module of ours."""
    found = [(layer, unit) for layer, units in enumerate(LAYERS) for unit in units if inside(name, unit)]
    return max(found, key=lambda entry: len(entry[1]))


def may_import(importer: str, imported: str) -> bool:
    if imported in ("collector", "collector.__version__"):
        return True
    (own_layer, own_unit), (layer, unit) = unit_of(importer), unit_of(imported)
    if own_unit == unit:
        return True
    if own_unit in REACH:
        return unit in REACH[own_unit]
    return layer < own_layer or (layer == own_layer and layer in MAY_MEET)


@EVERY_MODULE
def test_imports_go_down_only(module: Module) -> None:
    ours = [name for name in module.imports() if name.split(".")[0] in PACKAGES]
    assert [name for name in ours if not may_import(module.name, name)] == []


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        pytest.param("collector.domain.case", "collector.domain.ids", True, id="inside a unit"),
        pytest.param("collector.domain.case", "collector.logs.Log", False, id="domain knows no logs"),
        pytest.param("collector.store.cases", "collector.domain.case", True, id="downwards"),
        pytest.param("collector.store.cases", "collector.pipeline.batch", False, id="upwards"),
        pytest.param("collector.store.cases", "collector.journal.interface", False, id="store and journal do not meet"),
        pytest.param("receivers.snmp.server", "collector.journal.interface", True, id="receivers reach the journal"),
        pytest.param("receivers.snmp.server", "collector.store.cases", False, id="receivers do not reach the store"),
        pytest.param("receivers.snmp.server", "api.deps", False, id="receivers and api do not meet"),
        pytest.param("rules.engine", "collector.metrics.Family", False, id="rules reach the domain only"),
        pytest.param("collector.supervisor", "collector.child.Child", True, id="the top is one"),
        pytest.param("collector.pipeline.batch", "collector.role.RoleContext", False, id="nobody below reaches the top"),
    ],
)
def test_the_rule_itself(importer: str, imported: str, allowed: bool) -> None:
    assert may_import(importer, imported) is allowed


@EVERY_MODULE
def test_libraries_stay_where_they_belong(module: Module) -> None:
    strays = [
        name
        for name in module.imports()
        for library, homes in AT_HOME.items()
        if inside(name, library) and not any(inside(module.name, home) for home in homes)
    ]
    assert strays == []


@pytest.mark.parametrize(
    "module", [module for module in MODULES if inside(module.name, "collector.domain")], ids=lambda m: m.name
)
def test_the_domain_imports_the_standard_library_only(module: Module) -> None:
    foreign = [name for name in module.imports() if name.split(".")[0] not in sys.stdlib_module_names]
    assert [name for name in foreign if not inside(name, "collector.domain")] == []


WALL_CLOCK = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
MONOTONIC_CLOCK = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
PAUSE = "time.sleep"


def calls(tree: ast.AST) -> set[str]:
    """The last two parts of every dotted name that is called, `time.time` for a bare `time()` imported from `time`."""
    bare = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio")
        for alias in node.names
    }
    names = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {bare.get(name, ".".join(name.split(".")[-2:])) for name in names}


@EVERY_MODULE
def test_only_the_clock_asks_for_the_time(module: Module) -> None:
    forbidden = set() if module.name == "collector.domain.clock" else WALL_CLOCK | MONOTONIC_CLOCK
    allowed = MONOTONIC_CLOCK if module.name in MONOTONIC else set()
    assert calls(module.tree()) & forbidden - allowed == set()


@EVERY_MODULE
def test_nobody_sleeps_who_could_wait(module: Module) -> None:
    assert module.name in PAUSING or PAUSE not in calls(module.tree())


def test_the_time_rule_sees_every_way_of_asking() -> None:
    text = "import time, datetime as d\nfrom time import time as t\nt()\ntime.sleep(1)\nd.datetime.now()\ntime.monotonic()"
    assert calls(ast.parse(text)) == {"time.time", "time.sleep", "datetime.now", "time.monotonic"}


TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "benchmarks" not in path.parts)


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in TESTS])
def test_no_test_sleeps(path: Path) -> None:
    assert PAUSE not in calls(ast.parse(path.read_text(encoding="utf-8")))
