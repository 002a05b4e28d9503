"""The built wheel, alone in a clean environment, is the whole product."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.full


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What the command prints; its failure shows what it said. Nothing of the source tree can be imported from `cwd`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COLLECTOR", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        target,
        ROOT,
        cwd=target,
    )
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bin_dir(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the locked dependencies and the wheel."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home / "venv", with_pip=True)
    pip = (home / "venv/bin/python", "-m", "pip", "install", "--quiet")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    run(*pip, "--no-deps", wheel, cwd=home)
    return home / "venv/bin"


def tracked(*patterns: str) -> set[str]:
    return set(run("git", "ls-files", *patterns, cwd=ROOT).split())


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    wanted = tracked("collector", "receivers", "rules", "api")
    assert {name for name in wanted if name.startswith("rules/packs/") and name.endswith(".yaml")}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    folders = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"collector", "receivers", "rules", "api"}


def test_the_installed_program_runs(bin_dir: Path, tmp_path: Path) -> None:
    collector = bin_dir / "collector"
    assert run(collector, "version", cwd=tmp_path).strip()
    assert run(collector, "check-config", cwd=tmp_path).splitlines()[-1] == "the configuration is good"
    run(collector, "--help", cwd=tmp_path)


def test_the_installed_program_makes_a_store(bin_dir: Path, tmp_path: Path) -> None:
    run(bin_dir / "collector", "migrate", cwd=tmp_path, COLLECTOR__DATA_DIR=str(tmp_path / "data"))
    assert (tmp_path / "data/collector.db").exists()


def test_the_installed_packages_import_nothing_that_is_not_declared(bin_dir: Path, tmp_path: Path) -> None:
    program = (
        "import importlib, pkgutil\n"
        "for name in ('collector', 'receivers', 'rules', 'api'):\n"
        "    package = importlib.import_module(name)\n"
        "    for found in pkgutil.walk_packages(package.__path__, name + '.'):\n"
        "        if not found.name.endswith('.__main__') and '.migrations.' not in found.name:\n"
        "            importlib.import_module(found.name)\n"
    )
    run(bin_dir / "python", "-c", program, cwd=tmp_path)
