"""Take a picture of the page of a running station, signed in: `docs/tonight.png` is made with it from the demo.

    python3 tools/screenshot.py --key-file var/demo/api-key --out docs/tonight.png [--dark] [--width 360] [--lang en]

It drives a real Chromium through its debugging pipe (two descriptors, one JSON message after the other), which needs
nothing but the standard library; the browser tests use the same `Browser`.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

FLAGS = (
    "--headless",
    "--no-sandbox",  # continuous integration runs as root, where Chromium has no sandbox
    "--disable-gpu",
    "--hide-scrollbars",  # a picture of the whole page has none, and would be cut by the width of one
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)
ANSWER_WITHIN_S = 20
TALLEST_PX = 16_000
SESSION_COOKIE = "danpa_session"


class BrowserError(RuntimeError):
    """The browser did not do what it was told."""


class Browser:
    """One Chromium with an empty profile and one tab."""

    def __init__(self, chromium: str = "chromium", names: Mapping[str, str] | None = None) -> None:
        """``names``: hosts and the addresses under which this browser finds them."""
        program = shutil.which(chromium)
        if program is None:
            raise BrowserError(f"{chromium} is not installed")
        self._profile = tempfile.mkdtemp(prefix="danpa-browser-")
        to_browser, self._output = _pipe()
        self._input, from_browser = _pipe()
        wiring = [
            (os.POSIX_SPAWN_DUP2, to_browser, 3),
            (os.POSIX_SPAWN_DUP2, from_browser, 4),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        rules = ", ".join(f"MAP {name} {address}" for name, address in (names or {}).items())
        arguments = [
            program,
            *FLAGS,
            f"--host-resolver-rules={rules}",
            f"--user-data-dir={self._profile}",
            "about:blank",
        ]
        self._pid = os.posix_spawn(program, arguments, os.environ, file_actions=wiring, setpgroup=0)
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._asked = 0
        self._session: str | None = None
        tab = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        self._call("Page.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and everything it started."""
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._output)
        os.close(self._input)
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int, height: int = 800, *, dark: bool = False, script: bool = True) -> None:
        """Set the window, the colour scheme, and whether scripts run."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Emulation.setScriptExecutionDisabled", value=not script)

    def sign_in(self, url: str, session: str) -> None:
        """Give the browser a session's cookie."""
        self._call("Network.setCookie", name=SESSION_COOKIE, value=session, url=url, httpOnly=True)

    def open(self, url: str) -> None:
        """Go to a page and wait until it has loaded. Raises BrowserError."""
        answer = self._call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserError(f"{url}: {answer['errorText']}")
        self.wait_for("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited. Raises BrowserError for what it throws."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true. Raises BrowserError when it takes too long."""
        give_up_at = time.monotonic() + ANSWER_WITHIN_S
        while not self.run(script):
            if time.monotonic() > give_up_at:
                raise BrowserError(f"it never came true: {script}")
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release a key: `Tab`, `Enter`, `Escape`."""
        code, text = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, "")}[key]
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self._call("Input.insertText", text=text)

    def picture(self, *, whole: bool = True) -> bytes:
        """A PNG of the page, of its whole height or of what the window shows."""
        clip: dict[str, Any] = {}
        if whole:
            size = self._call("Page.getLayoutMetrics")["cssContentSize"]
            height = min(size["height"], TALLEST_PX)
            clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1}}
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=whole, **clip)
        return base64.b64decode(answer["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        message: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        waiting = json.dumps(message).encode() + b"\0"
        while waiting:
            waiting = waiting[os.write(self._output, waiting) :]
        while True:
            answer = self._receive()
            if answer.get("id") == self._asked:
                break
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._input], [], [], ANSWER_WITHIN_S)
            part = os.read(self._input, 1 << 16) if ready else b""
            if not part:
                raise BrowserError("the browser does not answer any more")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


def _pipe() -> tuple[int, int]:
    """A pipe whose ends lie above the two numbers that Chromium reads and writes."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def session_of(url: str, key: str) -> str:
    """Exchange a key for a browser session: the value of its cookie."""
    request = urllib.request.Request(  # noqa: S310 - the address is the caller's own station
        urllib.parse.urljoin(url, "/api/v1/session"),
        data=json.dumps({"key": key}).encode(),
        headers={"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
        method="POST",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        cookie = answer.headers["Set-Cookie"]
    return str(cookie).partition(";")[0].partition("=")[2]


def main() -> int:
    parser = argparse.ArgumentParser(description="Take a picture of the page of a running station.")
    parser.add_argument("--url", default="http://127.0.0.1:8000/", help="the page (default: %(default)s)")
    parser.add_argument(
        "--key-file", type=Path, required=True, help="a file with an API key, such as var/demo/api-key"
    )
    parser.add_argument("--out", type=Path, required=True, help="the PNG to write")
    parser.add_argument("--width", type=int, default=1200, help="pixels (default: %(default)s)")
    parser.add_argument("--height", type=int, help="only so many pixels from the top")
    parser.add_argument("--lang", choices=("ko", "en"), default="ko")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--open", action="store_true", help="with the first airing's rundown opened")
    wanted = parser.parse_args()
    with Browser() as browser:
        browser.sign_in(wanted.url, session_of(wanted.url, wanted.key_file.read_text().strip()))
        browser.resize(wanted.width, wanted.height or 800, dark=wanted.dark)
        query = urllib.parse.urlencode({"lang": wanted.lang})
        browser.open(f"{wanted.url}{'&' if '?' in wanted.url else '?'}{query}")
        if wanted.open:
            browser.run("document.querySelector('details.rundown')?.setAttribute('open', '')")
        wanted.out.parent.mkdir(parents=True, exist_ok=True)
        wanted.out.write_bytes(browser.picture(whole=wanted.height is None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
