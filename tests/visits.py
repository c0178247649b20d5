"""People at the console: a real browser, in a language and a theme, at a desk or on a phone, and what must never happen.

    def test_a_thing(station: SmallStation, visit: Visits) -> None:
        with serving(station) as url:
            page = visit(url, station.key, language="en", theme="dark", width=360)
            page.goto(f"{url}/library")
            page.get_by_role("button", name="Upload").click()

Whatever a test does, at its end no page may have logged an error, asked another server for anything, or broken the
security policy. `axe` gives axe-core's serious findings of a page, `overflows` whether it is wider than its window.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.stations import PATIENCE_S
from tools.browser import sign_in

_NOTE_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class Visits:
    """Every window of a test, and what went wrong in it."""

    browser: Browser
    expected: list[str] = field(default_factory=list)
    """Parts of the errors that a test brings about, such as an answer of 409 that the console logs."""
    _wrong: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self,
        url: str,
        key: str | None,
        *,
        language: Literal["ko", "en"] = "ko",
        theme: Literal["light", "dark"] = "light",
        width: int = 1200,
        height: int = 900,
        scripts: bool = True,
    ) -> Page:
        """A window of somebody with this key; of nobody where there is none."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale="ko-KR" if language == "ko" else "en-GB",
            color_scheme=theme,
            java_script_enabled=scripts,
            has_touch=width < 600,
            permissions=["microphone"],
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_S * 1000 / 2)
        context.add_init_script(_NOTE_VIOLATIONS)
        if key is not None:
            sign_in(context, url, key)
        server = urlsplit(url).netloc

        def asked(request: Request) -> None:
            where = urlsplit(request.url)
            if where.netloc != server and where.scheme not in {"data", "blob"}:
                self._wrong.append(f"asked another server: {request.url}")

        def logged(message: ConsoleMessage) -> None:
            url = message.location.get("url", "")
            if "ERR_CONNECTION_REFUSED" in message.text and urlsplit(url).netloc == server:
                return  # the test is over: its server goes before its windows
            if message.type in {"error", "warning"}:
                self._wrong.append(f"{message.text} ({url})")

        context.on("request", asked)
        context.on("console", logged)
        context.on("weberror", lambda error: self._wrong.append(f"{error.error}"))
        return context.new_page()

    def close(self) -> list[str]:
        """Close every window; what went wrong and was not expected."""
        for context in self._contexts:
            context.close()
        return [one for one in self._wrong if not any(part in one for part in self.expected)]


@contextmanager
def visits(browser: Browser) -> Iterator[Visits]:
    made = Visits(browser)
    try:
        yield made
    finally:
        wrong = made.close()
    assert wrong == [], "\n".join(wrong)


def axe(page: Page, find_peer: Callable[[str], Path]) -> list[str]:
    """What axe-core finds serious or critical in the page as it is now: rule, what it is about, and where."""
    page.evaluate(find_peer("axe-core").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 0")
    found = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes'][:5]]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def overflows(page: Page) -> bool:
    """Whether something is wider than the window."""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider


def wait_until(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page. Playwright's own `wait_for_function` needs an eval that our policy forbids."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < give_up_at, f"it never came true: {expression}"
        page.wait_for_timeout(50)
