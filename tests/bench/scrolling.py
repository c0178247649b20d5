"""What it costs a browser to scroll through a library of years.

    python tests/bench/scrolling.py                     # 20,000 segments; a minute or two
    python tests/bench/scrolling.py --segments 2000 --throttle 4

The station's web server runs in a process of its own, Chromium is Debian's (or the one on the PATH). The page is opened, and then
scrolled by the wheel to its very end. Printed are the bytes of the first view (HTML, styles and scripts, not compressed), when its rows were
there, the longest task and how many took over 50 ms (PerformanceObserver, `longtask`), how long frames were, and how many rows the page
holds at its end. Last a search is typed: from a key to its answer on the screen. Where other work shares the cores, look at the longest
task by processor time: that is what the page itself asks for (of Chromium's trace, of the first thousands of rows).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from tests.bench.finding_library import fill_segments  # noqa: E402
from tests.integration.library.stations import Station, make_station, serving  # noqa: E402
from tools.browser import chromium, sign_in  # noqa: E402

WATCH = """
window.tasks = []; window.frames = [];
new PerformanceObserver((list) => { for (const task of list.getEntries()) tasks.push(task.duration); }).observe({ type: "longtask", buffered: true });
(() => { let before; const frame = (now) => { if (before) frames.push(now - before); before = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame); })();
"""
TRACED_ROWS = 2000
WHEEL = 1200
"""Pixels of a turn of the wheel; some turns a second."""
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Scrolled:
    """What a browser went through. Milliseconds."""

    first_view_bytes: int
    ready_ms: float
    tasks: list[float]
    frames: list[float]
    own_task_ms: float
    rows_seen: int
    rows_held: int
    took_s: float
    search_ms: float


def scroll(station: Station, url: str, *, throttle: float = 1.0) -> Scrolled:
    """Open the library of a station that is served at ``url``, and scroll through all of it. ``throttle``: so many times slower a computer."""
    with chromium(Path(shutil.which("chromium") or "/usr/bin/chromium")) as browser:
        context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="ko-KR")
        sign_in(context, url, station.key)
        context.add_init_script(WATCH)
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        sizes = list[int]()
        page.on("response", lambda answer: sizes.append(_bytes_of(answer.headers)))
        page.goto(f"{url}/library", wait_until="load")
        ready_ms = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        page.wait_for_load_state("load")
        html = page.evaluate(
            "fetch(location.href).then((answer) => answer.text()).then((text) => new Blob([text]).size)"
        )
        first_view = html + sum(sizes)
        browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
        _to_the_end(page, TRACED_ROWS)
        own_task_ms = _longest_by_processor(browser.stop_tracing())
        began = time.perf_counter()
        seen = _to_the_end(page)
        took_s = time.perf_counter() - began
        held = page.locator(".stretch li").count()
        tasks, frames = page.evaluate("[tasks, frames]")
        search_ms = _search(page)
        return Scrolled(first_view, ready_ms, tasks, frames, own_task_ms, seen, held, took_s, search_ms)


def _bytes_of(headers: dict[str, str]) -> int:
    return int(headers.get("content-length", "0")) if "html" not in headers.get("content-type", "") else 0


def _longest_by_processor(trace: bytes) -> float:
    """Of the tasks on the pages' main threads, in milliseconds of processor time."""
    events = json.loads(trace)["traceEvents"]
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = (one["tdur"] for one in events if "tdur" in one and (one["pid"], one["tid"]) in main)
    return max(tasks, default=0) / 1000


def _to_the_end(page: Page, most: int = sys.maxsize) -> int:
    """How many rows there were on the way. Of ``most`` it is far enough."""
    page.mouse.move(600, 500)
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        page.mouse.wheel(0, WHEEL)
        is_end, seen = page.evaluate(
            """() => { const last = [...document.querySelectorAll('.stretch')].at(-1);
                 const rows = Number(last.dataset.rows ?? last.childElementCount);
                 return [!last.hasAttribute('data-goes-on') && scrollY + innerHeight >= document.documentElement.scrollHeight - 2,
                   last.start + rows - 1]; }"""
        )
        if is_end or seen >= most:
            return int(seen)
    raise TimeoutError("the end of the list was not reached")


def _search(page: Page) -> float:
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(
        """() => { window.found = new Promise((resolve) => document.addEventListener('danpa:looked',
             () => requestAnimationFrame(() => resolve(performance.now() - window.typed)))); }"""
    )
    page.evaluate(
        "document.getElementById('filter-q').addEventListener('input', () => { window.typed = performance.now(); })"
    )
    page.locator("#filter-q").press_sequentially("ㄴ")
    return float(page.evaluate("window.found"))


def show(scrolled: Scrolled) -> None:
    table = Table("what", "figure")
    frames = sorted(scrolled.frames)
    table.add_row("first view", f"{scrolled.first_view_bytes / 1000:.0f} kB")
    table.add_row("page ready after", f"{scrolled.ready_ms:.0f} ms")
    table.add_row("rows scrolled through", f"{scrolled.rows_seen} in {scrolled.took_s:.0f} s")
    table.add_row("rows in the page at the end", str(scrolled.rows_held))
    table.add_row("longest task", f"{max(scrolled.tasks, default=0):.0f} ms")
    table.add_row("longest task by processor time", f"{scrolled.own_task_ms:.0f} ms")
    table.add_row(
        "tasks over 50 ms / 100 ms", f"{len(scrolled.tasks)} / {sum(task > 100 for task in scrolled.tasks)}"
    )
    table.add_row("frames", str(len(frames)))
    for share in (0.5, 0.99, 1.0):
        at = frames[min(int(len(frames) * share), len(frames) - 1)]
        table.add_row(f"frame p{share * 100:.0f}", f"{at:.0f} ms")
    table.add_row("from a key to what it finds", f"{scrolled.search_ms:.0f} ms")
    Console(width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, default=20_000)
    parser.add_argument("--throttle", type=float, default=1.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        station = make_station(Path(folder) / "var")
        fill_segments(station.engine, wanted.segments)
        station.engine.dispose()
        with serving(station) as service:
            host, port = service.address
            show(scroll(station, f"http://{host}:{port}", throttle=wanted.throttle))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
