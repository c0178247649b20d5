"""A thousand handoffs and more, each with its own trouble: what was tried, when it arrived, and what never did.

    python tests/bench/faults.py                        # 64 feeds, 16 nights
    python tests/bench/faults.py --nights 2 --seed 7    # a look

The real engine under a simulated clock, real folders, HTTP and SFTP servers, a minute of MP3. A trouble begins
before the delivery does and is mended 1 to 85 minutes later, or (one in eight) not before the site closes; on every third
night the engine is ended in mid-delivery as well. A person asks again for what needed one when its trouble is mended.
`waited`: from the mending to the proof, simulated. `margin`: from the proof to the deadline. Needs root, for full disks.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import structlog  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402
from sqlmodel import select  # noqa: E402

from app.airings.models import Airing  # noqa: E402
from app.database import reading  # noqa: E402
from app.handoffs.models import Attempt, Handoff  # noqa: E402
from app.settings import Settings  # noqa: E402
from tests.integration.engine.living import DELIVER_AT, OVER_AT, founded  # noqa: E402
from tests.site_view import sites as places  # noqa: E402
from tests.site_view.nights import DAY, MINUTE, HauntedStation  # noqa: E402
from tests.site_view.sites import Mend, Site  # noqa: E402

FOLDERS, HTTP, SFTP = 24, 32, 8
NEVER = 88
"""Minutes after the beginning: the site takes nothing from the 85th on."""


@dataclass(frozen=True, slots=True)
class Trouble:
    protocol: str
    kind: str
    mended_at: datetime


@contextmanager
def opened(place: Path) -> Iterator[tuple[HauntedStation, dict[int, Site]]]:
    """The station, and its sites by feed."""

    def peer(program: str) -> Path:
        return Path(shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") or program)

    station = HauntedStation(
        Settings(home=founded(place / "home"), disk_reserve_bytes=0, port=0, horizon_h=12)
    )
    with ExitStack() as stack:
        stack.callback(station.database.dispose)
        found = [
            stack.enter_context(places.folder(place / f"folder-{number}", "folder"))
            for number in range(FOLDERS)
        ]
        found += [stack.enter_context(places.http(place / f"http-{number}")) for number in range(HTTP)]
        found += [stack.enter_context(places.sftp(peer)) for _ in range(SFTP)]
        slot = station.slot(station.programme())
        yield (
            station,
            {
                station.feed(
                    slot, site.address, protocol=site.protocol, **site.fields | {"sidecar": ""}
                ): site
                for site in found
            },
        )


def live(station: HauntedStation, sites: dict[int, Site], number: int, random: Random) -> dict[int, Trouble]:
    """One night; gives what befell each feed."""
    off = number * DAY
    station.live_on(DELIVER_AT + off - MINUTE, lambda _: None)
    troubles, mends = {}, defaultdict[datetime, list[Callable[[], None]]](list)
    for feed, site in sites.items():
        kind = random.choice(["none", *site.faults])
        minutes = 0 if kind == "none" else random.choice([NEVER, *range(1, 86, 12)])
        troubles[feed] = Trouble(site.label, kind, DELIVER_AT + off + minutes * MINUTE)
        if minutes:
            mends[troubles[feed].mended_at].append(_mending(station, feed, site.faults[kind](random)))
    station.kills = [random.uniform(0, 0.5)] if number % 3 == 0 else []

    def at_rest(_engine: object) -> None:
        for site in sites.values():
            site.again()

    for at in sorted(mends):
        station.live_on(at, at_rest)
        for mend in mends[at]:
            mend()
    station.live_on(OVER_AT + off, at_rest)
    return troubles


def _mending(station: HauntedStation, feed: int, mend: Mend) -> Callable[[], None]:
    def mended() -> None:
        mend()
        station.ask_again(feed)

    return mended


@dataclass(frozen=True, slots=True)
class Fate:
    """How one handoff ended."""

    trouble: Trouble
    tries: int
    interrupted: bool
    proved_at: datetime | None
    deadline_at: datetime
    error: str


def fates(station: HauntedStation, befell: dict[tuple[datetime, int], Trouble]) -> Iterator[Fate]:
    with reading(station.database) as session:
        for handoff, airing in session.exec(select(Handoff, Airing).join(Airing)).all():
            trouble = befell.get((airing.starts_at, handoff.feed_id))
            if trouble is None:  # a night that has only begun
                continue
            tried = session.exec(
                select(Attempt).where(Attempt.handoff_id == handoff.id).order_by(Attempt.number)  # type: ignore[arg-type]
            ).all()
            proved = next((row.finished_at for row in tried if row.outcome == "verified"), None)
            needed = [row for row in tried if proved is None or row.started_at <= proved]
            yield Fate(
                trouble,
                len(needed),
                any(row.outcome == "interrupted" for row in tried),
                proved,
                handoff.deadline_at,
                (handoff.error or handoff.state).partition(":")[0],
            )


def tell(console: Console, found: Sequence[Fate]) -> None:
    table = Table(
        "feed", "fault", "handoffs", "proved", "late", "tries", "waited, min", "margin, min", "never proved"
    )
    for column in table.columns[2:-1]:
        column.justify = "right"
    rows: dict[tuple[str, str], list[Fate]] = defaultdict(list)
    for fate in found:
        rows[fate.trouble.protocol, fate.trouble.kind].append(fate)
        rows["all", "interrupted engine" if fate.interrupted else "engine alive"].append(fate)
        rows["all", "all"].append(fate)
    for (protocol, kind), some in sorted(rows.items(), key=lambda row: (row[0][0] == "all", row[0])):
        proved = [(fate, fate.proved_at) for fate in some if fate.proved_at is not None]
        waited = [max(at - fate.trouble.mended_at, timedelta(0)) for fate, at in proved]
        margin = [fate.deadline_at - at for fate, at in proved]
        never = Counter(fate.error for fate in some if fate.proved_at is None)
        table.add_row(
            protocol,
            kind,
            str(len(some)),
            str(len(proved)),
            str(sum(each < timedelta(0) for each in margin)),
            _spread([fate.tries for fate in some], "{:.0f}"),
            _spread([each / MINUTE for each in waited]),
            _spread([each / MINUTE for each in margin], least=True),
            ", ".join(f"{code} {count}" for code, count in never.most_common()),
        )
    console.print(table)
    console.print("tries and waited: median (most); margin: median (least)")


def _spread(figures: Sequence[float], form: str = "{:.1f}", *, least: bool = False) -> str:
    if not figures:
        return ""
    extreme = min(figures) if least else max(figures)
    return f"{form.format(statistics.median(figures))} ({form.format(extreme)})"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--nights", type=int, default=16)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without taking the disks and servers down
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it tells of every line that we cut
    console, random = Console(width=150), Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place, opened(Path(place)) as (station, sites):
        befell: dict[tuple[datetime, int], Trouble] = {}
        for number in track(range(given.nights), "nights", console=console):
            for feed, trouble in live(station, sites, number, random).items():
                befell[OVER_AT - MINUTE + number * DAY, feed] = trouble
        tell(console, [*fates(station, befell)])
        console.print(f"engines ended in mid-delivery: {station.ended}")


if __name__ == "__main__":
    main()
