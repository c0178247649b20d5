"""Debian's Chromium, driven by Playwright: for the browser tests and for the pictures in `docs/`."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

UNWANTED = (
    # The address bar's list is a page of its own, made anew with every window beside the page that is looked at: 1 s of processor time
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # What Playwright switches off, since the last list is the one that counts: questions to other hosts, and what Chromium does
    # between a page and its driver
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
FLAGS = (
    "--no-sandbox",  # continuous integration runs as root, where Chromium has no sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=" + ",".join(UNWANTED),
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, where a page asks for one
    "--use-fake-ui-for-media-stream",
)
SESSION_COOKIE = "danpa_session"


@contextmanager
def chromium(program: Path, names: Mapping[str, str] | None = None) -> Iterator[Browser]:
    """A browser until the block ends. ``names``: hosts and the addresses under which it finds them."""
    rules = ", ".join(f"MAP {name} {address}" for name, address in (names or {}).items())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, *([f"--host-resolver-rules={rules}"] if rules else [])]
        )
        try:
            yield browser
        finally:
            browser.close()


def sign_in(context: BrowserContext, url: str, key: str) -> None:
    """Give a browser's context a session of its own, in exchange for a key."""
    request = urllib.request.Request(  # noqa: S310 - the address is the caller's own station
        urllib.parse.urljoin(url, "/api/v1/session"),
        data=json.dumps({"key": key}).encode(),
        headers={"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
        method="POST",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        cookie = str(answer.headers["Set-Cookie"])
    value = cookie.partition(";")[0].partition("=")[2]
    context.add_cookies([{"name": SESSION_COOKIE, "value": value, "url": url, "httpOnly": True}])
