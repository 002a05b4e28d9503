"""`deploy/install` below a scratch root: everything is where the units and the manual look for it, and a second run changes
nothing that people may have changed. It is run from the source archive, as people get it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archive."""
    made = tmp_path_factory.mktemp("source")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", made], cwd=ROOT, check=True, timeout=120)
    (archive,) = made.glob("*.tar.gz")
    shutil.unpack_archive(archive, made, filter="data")
    return next(path for path in made.iterdir() if path.is_dir())


Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def install(source: Path) -> Install:
    """Runs the script below a root, with more words if there are any."""

    def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("COLLECTOR", "PYTHONPATH"))}
        line = [str(source / "deploy/install"), "--root", str(root), *words]
        return subprocess.run(line, cwd=root, env=clean, capture_output=True, text=True, timeout=600, check=False)

    return run


@pytest.fixture(scope="module")
def root(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("root")
    done = install(made)
    assert done.returncode == 0, done.stderr
    return made


def test_the_archive_holds_what_belongs_to_the_product_and_no_tests(source: Path) -> None:
    wanted = {"collector", "receivers", "rules", "api", "deploy", "docs", "README.md", "CHANGELOG.md", "pyproject.toml"}
    assert {path.name for path in source.iterdir()} == {
        *wanted,
        "requirements.lock",
        "requirements-build.lock",
        "PKG-INFO",
        ".gitignore",
    }
    assert (source / "deploy/docker/Dockerfile.dockerignore").exists()


def test_what_the_unit_starts_is_there_and_runs(root: Path) -> None:
    unit = (root / "usr/local/lib/systemd/system/collector.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/collector/current/bin/collector serve" in unit
    program = root / "opt/collector/current/bin/collector"
    key = root / "etc/collector/secret.key"
    data = {
        "COLLECTOR__DATA_DIR": str(root / "var/lib/collector"),
        "COLLECTOR__SECRETS__KEY_FILE": str(key),
        "PATH": "/usr/bin:/bin",
    }
    config = str(root / "etc/collector/collector.toml")
    for words in (["check-config"], ["migrate"]):
        subprocess.run(
            [program, *words, "--config", config], env=data, cwd=root, check=True, stdout=subprocess.DEVNULL, timeout=60
        )
    assert (root / "var/lib/collector/collector.db").exists()
    assert not (root / "var/lib/collector/secret.key").exists()
    assert 'key_file = "/etc/collector/secret.key"' in (root / "etc/collector/collector.toml").read_text(encoding="utf-8")


def test_nothing_secret_can_be_read_by_everybody(root: Path) -> None:
    modes = {name: oct((root / name).stat().st_mode & 0o777) for name in ("etc/collector", "var/lib/collector")}
    files = ("etc/collector/collector.toml", "etc/collector/secret.key")
    modes |= {name: oct((root / name).stat().st_mode & 0o777) for name in files}
    assert modes == {"etc/collector": "0o750", "var/lib/collector": "0o700", **dict.fromkeys(files, "0o640")}


def test_doing_it_again_leaves_settings_alone_and_installs_nothing_twice(root: Path, install: Install) -> None:
    settings = root / "etc/collector/collector.toml"
    settings.write_text('site = "MINE"\n', encoding="utf-8")
    key = (root / "etc/collector/secret.key").read_bytes()
    stamp = (root / "opt/collector/current/complete").stat().st_mtime_ns
    done = install(root)
    assert done.returncode == 0, done.stderr
    assert settings.read_text(encoding="utf-8") == 'site = "MINE"\n'
    assert (root / "etc/collector/secret.key").read_bytes() == key
    assert (root / "opt/collector/current/complete").stat().st_mtime_ns == stamp


def test_an_older_installation_is_given_no_second_key(root: Path, install: Install) -> None:
    (root / "etc/collector/secret.key").unlink()
    assert install(root).returncode == 0
    assert not (root / "etc/collector/secret.key").exists()


def test_a_version_that_was_not_installed_to_the_end_is_installed_anew(root: Path, install: Install) -> None:
    home = (root / "opt/collector/current").resolve()
    (home / "complete").unlink()
    (home / "bin/collector").unlink()
    assert install(root).returncode == 0
    assert (home / "bin/collector").exists()


def test_a_python_that_does_not_fit_is_refused_before_anything_is_done(tmp_path: Path, install: Install) -> None:
    done = install(tmp_path, "--python", "/bin/false")
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "is not Python 3.11 or newer" in done.stderr


def test_a_word_that_it_does_not_know_shows_how_it_is_used(tmp_path: Path, install: Install) -> None:
    done = install(tmp_path, "--help")
    assert done.returncode == 2
    assert "--root DIRECTORY" in done.stderr
