"""What a first view of each page costs on a cold cache: bytes, time until it can be used, and its longest task.

    python tests/bench/console.py                       # a night of 60 airings and a library of 2,000 segments; two minutes
    python tests/bench/console.py --rounds 9

Debian's Chromium, signed in, with an empty cache for every view, against the web process of this machine (uvicorn, over loopback).
``kB`` is everything that the view loaded, as the browser decoded it, ``sent`` as it came over the line; ``first paint`` is First Contentful Paint, ``usable`` the end of
DOMContentLoaded, at which its scripts have run, ``task`` the longest task of the main thread in the second behind it (0: none over 50 ms).
Medians, and the worst in brackets. The browser and the server share the machine's cores. The first row is a form without scripts and
without the database: what the browser itself takes for a new window, in which every other row begins too. Its address bar's list of suggestions,
which Chromium builds as a page of its own beside the first page of each window, is switched off (``tools/browser.py``): with it a window
took 1.47 s of processor time instead of 0.52, and the page that is measured shares the cores with it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from tests.bench.finding_library import fill_record, fill_segments  # noqa: E402
from tests.integration.library.stations import Service, make_station, serving  # noqa: E402
from tools.browser import chromium, sign_in  # noqa: E402

PAGES = (
    "/login/none", "/", "/approvals", "/library", "/library/2", "/programmes", "/programmes/1", "/airings/1", "/frequencies", "/sites", "/sites/1",
    "/record", "/guide", "/station",
)  # fmt: skip

NOTE = """
window.noted = {task: 0, paint: 0};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) noted.task = Math.max(noted.task, entry.duration);
}).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") noted.paint = entry.startTime;
}).observe({type: "paint", buffered: true});
"""


@dataclass(frozen=True, slots=True)
class View:
    kilobytes: float
    sent_kilobytes: float
    requests: int
    paint_ms: float
    usable_ms: float
    task_ms: float


def view(browser: Browser, service: Service, path: str) -> View:
    """A first view with nothing in the cache."""
    url = "http://{}:{}".format(*service.address)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="ko-KR")
    context.add_init_script(NOTE)
    sign_in(context, url, service.station.key)
    page = context.new_page()
    answer = page.goto(url + path)
    if answer is None or answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status if answer else 'no answer'}")
    page.wait_for_timeout(1000)
    found = _noted(page)
    context.close()
    return found


def _noted(page: Page) -> View:
    told = page.evaluate(
        """() => {
          const [whole] = performance.getEntriesByType("navigation");
          const parts = performance.getEntriesByType("resource").filter(({name}) => !name.includes("/events"));
          const bytes = parts.reduce((sum, one) => sum + one.decodedBodySize, whole.decodedBodySize);
          const sent = parts.reduce((sum, one) => sum + one.encodedBodySize, whole.encodedBodySize);
          return [bytes / 1000, sent / 1000, parts.length + 1, noted.paint, whole.domContentLoadedEventEnd, noted.task];
        }"""
    )
    return View(*told)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    wanted = parser.parse_args()
    found: dict[str, list[View]] = {path: [] for path in PAGES}
    with tempfile.TemporaryDirectory(prefix="danpa-console-") as folder:
        station = make_station(Path(folder) / "var")
        fill_segments(station.engine, wanted.segments)
        fill_record(station.engine, wanted.segments, 20_000)
        station.engine.dispose()
        with serving(station) as service, chromium(wanted.chromium) as browser:
            for path in PAGES:  # warms the server up
                view(browser, service, path)
            for _ in range(wanted.rounds):
                for path in PAGES:
                    found[path].append(view(browser, service, path))
    table = Table("page", "kB", "sent kB", "requests", "first paint ms", "usable ms", "longest task ms")
    for path, views in found.items():
        last = views[-1]
        times = [[getattr(one, name) for one in views] for name in ("paint_ms", "usable_ms", "task_ms")]
        shown = [f"{statistics.median(each):.0f} ({max(each):.0f})" for each in times]
        table.add_row(path, f"{last.kilobytes:.0f}", f"{last.sent_kilobytes:.0f}", str(last.requests), *shown)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
