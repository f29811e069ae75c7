"""A browser for the tests: Chromium through Playwright, and what a page says, asks for and breaks while it is open.

Nothing is downloaded: the browser is one that the machine has, named in CHROMIUM or found on the PATH.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NO_BROWSER = "No Chromium here: install one (Debian, Ubuntu: apt install chromium), or name it in the variable CHROMIUM."
PHONE, DESK = 360, 1280
# Width in CSS pixels of A4 between the margins that the style sheet sets: 210 mm less 2 x 14 mm.
PAPER = 688
WIDTH = "() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
WATCH_POLICY = """
    addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.effectiveDirective} ${e.blockedURI}`));
"""


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser_open(path: str) -> Iterator[Browser]:
    """Start a browser without a window, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """An open page with all that was heard of it: console, errors, dialogs and broken policies; and what it asked for."""

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path) -> "Visit":
        """Open a file, and forget what was heard before."""
        self.told.clear()
        self.asked.clear()
        self.page.goto(path.as_uri())
        return self

    def ask(self, script: str, value: object = None) -> Any:
        """Evaluate a function of JavaScript on the page."""
        return self.page.evaluate(script, value)

    def width(self, pixels: int) -> int:
        """Make the window as wide, and return how wide the page then is."""
        self.page.set_viewport_size({"width": pixels, "height": 800})
        return int(self.ask(WIDTH))

    def _heard(self, message: ConsoleMessage) -> None:
        self.told.append(f"{message.type}: {message.text}")

    def _asked_to_answer(self, dialog: Dialog) -> None:
        self.told.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[Visit]:
    """Give a page of a fresh context. `options` are Playwright's: color_scheme, java_script_enabled, bypass_csp ..."""
    options = {"viewport": {"width": DESK, "height": 800}, **options}
    context = browser.new_context(**options)
    context.add_init_script(WATCH_POLICY)
    visit = Visit(context.new_page())
    visit.page.on("console", visit._heard)
    visit.page.on("dialog", visit._asked_to_answer)
    visit.page.on("pageerror", lambda error: visit.told.append(f"error: {error.message}"))
    visit.page.on("request", lambda request: visit.asked.append(request.url))
    visit.page.on("popup", lambda page: visit.told.append(f"popup: {page.url}"))
    try:
        yield visit
    finally:
        context.close()
