"""A real browser on the page of a running collector: Chromium through Playwright, with everything noted that it should not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.acceptance.harness import Running

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PASSWORD = "una clave larga y buena"
PATIENCE_MS = 20_000


def chromium_missing() -> str | None:
    """Why there is no browser to test with."""
    return None if CHROMIUM.exists() else f"{CHROMIUM} is not there: install the package chromium"


def make_user(running: Running, directory: Path, name: str, *options: str) -> None:
    file = directory / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    running.command("user", "create", name, "--password-file", str(file), *options)
    running.secrets.add(PASSWORD)


@dataclass
class Watched:
    """A context of the browser, and what went wrong in it: messages of the console, errors, dialogs, requests to strangers."""

    context: BrowserContext
    running: Running
    troubles: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: self.troubles.append(f"console: {message.type} {message.text}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._requested(request.url))
        return page

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _requested(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.running.url("/")).netloc:
            self.troubles.append(f"request: {url}")

    def sign_in(self, name: str = "ana") -> Page:
        page = self.page()
        page.goto(self.running.url("/"))
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("body.list")
        return page


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


def watched(browser: Browser, running: Running, **options: Any) -> Watched:
    wide = {"viewport": {"width": 1440, "height": 900}, "locale": "es-AR", "color_scheme": "light"}
    return Watched(browser.new_context(**{**wide, **options}), running)
