"""Pictures of the page for docs/page.md: `python -m tests.acceptance.page_pictures`. A collector with a morning's worth of
notifications, seen at a desk and on a phone."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.acceptance.harness import ACME, MAILBOX, ROOT, Running, until
from tests.acceptance.page_browser import chromium, make_user, watched

DOCS = ROOT / "docs"
MORNING = "2026-11-24T13:05:00+00:00"
LATER = "2026-11-24T13:41:00+00:00"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        clock = directory / "clock"
        clock.write_text(MORNING, encoding="ascii")
        with Running(directory, extra=("--test-clock", str(clock))) as running:
            running.prepare()
            make_user(running, directory, "ana", "--full-name", "Ana Pérez")
            running.start()
            _simulate(running)
            _take(running)
            clock.write_text(LATER, encoding="ascii")
            _draw(running)
            running.stop()
    return 0


def _simulate(running: Running) -> None:
    to = [f"{host}:{port}" for host, port in (running.snmp, running.smtp)]
    words = ["simulate", "--trap-to", to[0], "--mail-to", to[1], "--community", ACME, "--mailbox", MAILBOX]
    done = subprocess.run([sys.executable, "-m", "collector", *words, "--rate", "40", "--seconds", "3"], cwd=ROOT, check=True)
    assert done.returncode == 0
    until(lambda: not running.ledger()["pending"], "everything is processed")


def _take(running: Running) -> None:
    """What people have done by then, so that not every row is alike."""
    cases = running.cases()
    for number, verb in ((0, "acknowledge"), (3, "acknowledge"), (5, "pend"), (7, "resolve")):
        if number < len(cases):
            running.post(f"/cases/{cases[number]['external_key']}/{verb}", {"actor": "bruno"})


def _draw(running: Running) -> None:
    with chromium() as browser:
        desk = watched(browser, running, viewport={"width": 1280, "height": 760})
        page = desk.sign_in()
        page.wait_for_selector(".left.breached")
        page.screenshot(path=str(DOCS / "page.png"))
        phone = watched(browser, running, viewport={"width": 390, "height": 844}, color_scheme="dark")
        small = phone.sign_in()
        small.wait_for_selector(".left.breached")
        small.screenshot(path=str(DOCS / "page-phone.png"))


if __name__ == "__main__":
    sys.exit(main())
