"""Take the pictures of `docs/pictures`: a demo of its own is started, shown page by page, and ended.

    python3 tools/dev.py pictures               all of them
    python3 tools/dev.py pictures tonight start only these

The first airing must lie at its site before a picture is taken, so this takes a minute or two. A page that does not answer
200, or that logs an error, ends it with a message: no picture is left out silently.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from playwright.sync_api import Browser, Page

from schedules.time import night_of
from tools import guide
from tools.browser import chromium, sign_in

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
READY_WITHIN_S = 600
PHONE, DESK = (390, 844), (1200, 900)


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, as somebody sees it. ``{airing}`` and the like in ``path`` become ids of the demo's first things."""

    name: str
    path: str
    language: str = "ko"
    theme: str = "light"
    size: tuple[int, int] = DESK


SHOTS = (
    Shot("tonight", "/"),
    Shot("airing", "/airings/{airing}"),
    Shot("approvals", "/approvals"),
    Shot("library", "/library"),
    Shot("segment", "/library/{draft}"),
    Shot("programmes", "/programmes"),
    Shot("programme", "/programmes/{programme}"),
    Shot("frequencies", "/frequencies"),
    Shot("sites", "/sites"),
    Shot("site", "/sites/{site}"),
    Shot("feed", "/feeds/{feed}"),
    Shot("record", "/record?night={last_night}"),
    Shot("report", "/report"),
    Shot("station", "/station"),
    Shot("start", "/station/start"),
    Shot("guide", "/guide"),
    Shot("needs", "/guide/needs"),
    Shot("tonight-phone", "/", size=PHONE),
    Shot("tonight-phone-dark-en", "/", "en", "dark", PHONE),
    Shot("airing-phone-dark-en", "/airings/{airing}", "en", "dark", PHONE),
    Shot("approvals-phone-dark-en", "/approvals", "en", "dark", PHONE),
    Shot("needs-phone-dark-en", "/guide/needs", "en", "dark", PHONE),
)


class Demo:
    """The running station, and what its pages are about."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    def get(self, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the demo that we have started
            f"{self.url}/api/v1/{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def first(self, path: str) -> dict[str, Any]:
        first: dict[str, Any] = self.get(path)["items"][0]
        return first

    def places(self) -> dict[str, object]:
        """What stands in the paths' braces."""
        airing_id = self.first("handoffs")["airing_id"]
        yesterday = self.first("as-run")
        return {
            "airing": airing_id,
            "draft": self.first("segments?state=draft")["id"],
            "programme": self.first("programmes")["id"],
            "site": self.first("sites")["id"],
            "feed": self.first("feeds")["id"],
            "last_night": night_of(datetime.fromisoformat(yesterday["starts_at"])),
        }


@contextmanager
def demo() -> Iterator[Demo]:
    """A demo station in a folder of its own, as soon as its first file has arrived."""
    home = tempfile.mkdtemp(prefix="danpa-pictures-")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"DANPA_HOME": home, "DANPA_PORT": f"{port}"}
    command = [sys.executable, "-m", "app", "demo"]
    with Path(home, "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log)
    try:
        yield _when_ready(process, f"http://127.0.0.1:{port}", Path(home, "demo", "api-key"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def _when_ready(process: subprocess.Popen[bytes], url: str, key_file: Path) -> Demo:
    give_up_at = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            sys.exit(f"the demo ended with status {process.returncode}")
        try:
            station = Demo(url, key_file.read_text().strip())
            handoffs = station.get("handoffs")["items"]
            if len([one for one in handoffs if one["state"] == "verified"]) >= 2:
                return station
        except OSError:
            pass  # it is not up yet
        time.sleep(1)
    sys.exit(f"the demo's first files had not arrived after {READY_WITHIN_S} s")


def take(browser: Browser, station: Demo, shot: Shot, places: dict[str, object]) -> bytes:
    """A PNG of what the window shows. Exits where the page is not what it should be."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.theme == "dark" else "light",
        locale="ko-KR" if shot.language == "ko" else "en-GB",
    )
    try:
        sign_in(context, station.url, station.key)
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        path = shot.path.format(**places)
        answer = page.goto(f"{station.url}{path}")
        if answer is None or answer.status != 200:
            sys.exit(f"{shot.name}: {path} answered {answer.status if answer else 'nothing'}")
        settle(page)
        if wrong:
            sys.exit(f"{shot.name}: {path} logged {wrong[0]}")
        return page.screenshot()
    finally:
        context.close()


def settle(page: Page) -> None:
    """Until fonts are there and what scripts draw is drawn. Event streams never end, so the network is not waited for."""
    page.evaluate("document.fonts.ready.then(() => undefined)")
    page.evaluate("new Promise((done) => setTimeout(done, 1500))")


def packed(png: bytes) -> bytes:
    """The picture in 64 colours, which is a third of the size, and enough for pages."""
    palette = "split[a][b];[a]palettegen=max_colors=64:reserve_transparent=0[p];[b][p]paletteuse=dither=none"
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "png_pipe", "-i", "pipe:0"]
    call += ["-filter_complex", palette, "-f", "image2pipe", "-c:v", "png", "-pred", "mixed", "pipe:1"]
    return subprocess.run(call, check=True, capture_output=True, input=png).stdout


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - {shot.name for shot in SHOTS}
    if unknown:
        sys.exit(f"there is no picture called {', '.join(sorted(unknown))}")
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not installed: python3 tools/dev.py peers")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demo() as station, chromium(Path(program)) as browser:
        places = station.places()
        for shot in SHOTS:
            if wanted and shot.name not in wanted:
                continue
            png = packed(take(browser, station, shot, places))
            (PICTURES / f"{shot.name}.png").write_bytes(png)
            print(f"{len(png) // 1024:5} kB  {shot.name}", flush=True)
    guide.main()  # the console shows copies of some
    print(f"{sum(file.stat().st_size for file in PICTURES.iterdir()) // 1024:5} kB in all")


if __name__ == "__main__":
    main(sys.argv[1:])
