"""What a whole season costs the grid of `/frequencies`: its longest task while it loads, is zoomed and is scrolled.

    python tests/bench/season_grid.py

Each row is a background of so many generated lines (3,305 is a real HFCC season, 9,360 a real EiBi file) with 40 of our own, in
Chromium. `long` is the longest task of the page's main thread in milliseconds of its own time, so that a busy machine does not
count, and `wall` of the clock's. `first_kB` is what came before the background, `background_kB` the background itself.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from app.database import writing  # noqa: E402
from app.frequencies.models import Line  # noqa: E402
from app.schedule.background import read_others, replace_background  # noqa: E402
from tests.hfcc_lookalikes import lookalike  # noqa: E402
from tests.seasons_on_air import AT, B26, FIRST, LAST, on_air_season  # noqa: E402
from tests.stations import SmallStation, make_station, serving  # noqa: E402
from tools.browser import chromium, sign_in  # noqa: E402

SIZES = (3_305, 9_360)
OWN = 40

_FRAMES = "(act) => new Promise((done) => { let n = 0; const each = () => { if (n++ === 60) return done(); %s; requestAnimationFrame(each); }; each(); })"
_SCROLL = _FRAMES % "document.getElementById('grid-view').scrollTop += n < 30 ? 40 : -40"
_ZOOM = _FRAMES % "if (n % 5 === 0) document.getElementById(n < 30 ? 'grid-in' : 'grid-out').click()"


def season_grid(station: SmallStation, lines: int) -> dict[str, float]:
    """One row: a season of so many lines of others, looked at as people do."""
    made = on_air_season(station)
    with writing(station.database) as session:
        for number in range(OWN):
            session.add(
                Line(
                    slot_id=made.slot,
                    site_id=1,
                    khz=5_900 + 400 * number,
                    days="1234567",
                    first_date=FIRST,
                    last_date=LAST,
                    created_at=AT,
                )
            )
        others = read_others(lookalike(lines, code="B26").encode("latin-1"), B26, "hfcc", None)
        replace_background(session, B26, others, "b26all.txt", now=AT, by=None)
    with serving(station) as url, chromium(Path(which("chromium") or "chromium")) as browser:
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        sign_in(context, url, station.key)
        page = context.new_page()
        weights: dict[str, int] = {}
        page.on(
            "response",
            lambda answer: (
                weights.update({answer.url: len(answer.body())})
                if answer.ok and "/events" not in answer.url
                else None
            ),
        )

        def load() -> None:
            page.goto(f"{url}/frequencies?season=B26")
            page.wait_for_selector("#conflicts .rows")
            page.wait_for_timeout(500)

        row: dict[str, float] = {"lines": len(others.lines)}
        row |= _traced(browser, page, "load", load)
        row |= _traced(browser, page, "whole", lambda: page.select_option("#grid-band", "all"))
        row |= _traced(browser, page, "scroll", lambda: page.evaluate(_SCROLL))
        row |= _traced(browser, page, "zoom", lambda: page.evaluate(_ZOOM))
    later = {path: size for path, size in weights.items() if "/api/" in path}
    first = sum(size for path, size in weights.items() if path not in later)
    background = sum(size for path, size in later.items() if path.endswith("/background/lines"))
    return row | {"first_kB": first / 1000, "background_kB": background / 1000}


def _traced(browser: Browser, page: Page, name: str, act: Callable[[], object]) -> dict[str, float]:
    """The longest task of the page's main thread while something is done."""
    browser.start_tracing(page=page, categories=["toplevel"])
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"].get("name") == "CrRendererMain"
    }
    tasks = [one for one in events if "tdur" in one and (one["pid"], one["tid"]) in mains]
    longest = {key: max((one[key] for one in tasks), default=0) / 1000 for key in ("tdur", "dur")}
    return {f"{name}_long": longest["tdur"], f"{name}_wall": longest["dur"]}


def main() -> None:
    table: Table | None = None
    for lines in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            station = make_station(Path(folder) / "station")
            row = season_grid(station, lines)
            station.database.dispose()
        if table is None:
            table = Table(*row, title="Season grid, milliseconds")
        table.add_row(*(f"{value:,.0f}" for value in row.values()))
    if table is not None:
        Console(width=160).print(table)


if __name__ == "__main__":
    main()
