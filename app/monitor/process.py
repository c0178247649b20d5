"""The monitor process: hears what is on the air live and compares it with what went out.

It needs the air process's files, the database and the network, and nobody needs it: whatever it meets is logged, and it
listens again. What follows from its findings the plan decides (`schedules.going_live`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import structlog
from sqlalchemy import Engine
from sqlmodel import col, select

from app.air.status import OutputStatus, read_status
from app.database import open_database, reading, writing
from app.feeds.confinement import check_confined
from app.feeds.contract import FeedAddress
from app.feeds.errors import FeedError
from app.feeds.models import Feed
from app.feeds.service import confinement
from app.locks import Lock
from app.monitor.judging import Ear, Finding, Place, judge, unheard
from app.monitor.models import Listening
from app.monitor.mount import CLIP_S, Clip, Unheard, listen_url, new_client, take
from app.monitor.sent import Account, Expected, expected
from app.monitor.service import BAD
from app.processes import give_way, is_news
from app.settings import Settings
from audio.clips import OF_MEDIA_TYPES, decode
from audio.errors import AudioError
from audio.ffmpeg import find_ffmpeg
from audio.listening import RATE, Hearing, listen
from audio.meter import Samples
from audio.profile import Encoding

log = structlog.get_logger()

EVERY_S = 20.0
"""From one listen at a feed to the next."""

SOON_S = 3.0
"""After something wrong, until it is confirmed."""

IDLE_S = 5.0
"""While nothing is on the air."""

LONGEST_DELAY_S = 55.0
"""So late the other end of a relay may be."""

OWN_DELAY_S = 10.0
"""And so late the mount that we feed ourselves."""

SETTLED_S = 5.0
"""After its beginning an airing is listened to: what comes before belongs to its preroll."""

SHORTEST_S = 2.0
"""Less sound than this is none."""

AT_ONCE = 8
"""Feeds that are listened to side by side; they are compared one after the other."""


@dataclass(frozen=True, slots=True)
class Target:
    """A feed that is on the air, and where it is heard."""

    output: OutputStatus
    url: str
    encoding: Encoding
    is_elsewhere: bool

    @property
    def key(self) -> tuple[int, int]:
        return self.output.airing_id, self.output.feed_id

    @property
    def bytes_a_second(self) -> float | None:
        """Of our own mount; a relay may send something else."""
        kbps = self.encoding.bitrate_kbps
        return kbps * 125.0 if kbps and not self.is_elsewhere else None


class Monitor:
    """Everything that the process holds. ``longest_delay_s``: of what is heard elsewhere than at our own mount."""

    def __init__(
        self, settings: Settings, database: Engine, longest_delay_s: float = LONGEST_DELAY_S
    ) -> None:
        self._settings = settings
        self._database = database
        self._longest_delay_s = longest_delay_s
        self._account = Account(settings)
        self._ears: dict[tuple[int, int], Ear] = {}
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="listen")
        self._client: httpx.Client | None = None

    def listen(self) -> list[Listening]:
        """Listen once to everything that is on the air, and put on record what was heard."""
        self._account.look()
        targets, confined = self._targets(time.time())
        if not targets:
            self._ears = {}
            return []
        if self._client is None:
            self._client = new_client(confined=confined)
        client = self._client
        clips = list(self._pool.map(lambda one: _take(client, one), targets))
        rows = [self._judged(target, clip) for target, clip in zip(targets, clips, strict=True)]
        known = {target.key for target in targets}
        self._ears = {key: ear for key, ear in self._ears.items() if key in known}
        found = [row for row in rows if row is not None]
        with writing(self._database) as session:
            session.add_all(found)
        return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    # --- what is on the air --------------------------------------------------------------------------------------

    def _targets(self, now_s: float) -> tuple[list[Target], bool]:
        """What is to be listened to, and whether this station may not leave its machine."""
        on = [
            one
            for one in read_status(self._settings).outputs
            if one.state == "on" and self._is_settled(one, now_s)
        ]
        if not on:
            return [], False
        with reading(self._database) as session:
            wanted = select(Feed).where(col(Feed.id).in_([one.feed_id for one in on]))
            feeds = {feed.id: feed for feed in session.exec(wanted).all()}
            walls = confinement(session, self._settings)
        found = (self._target(one, feeds, walls) for one in on)
        return [one for one in found if one is not None], walls is not None

    def _is_settled(self, output: OutputStatus, now_s: float) -> bool:
        armed = self._account.armed.get(output.airing_id)
        return armed is not None and now_s >= armed.starts_at.timestamp() + SETTLED_S

    def _target(
        self, output: OutputStatus, feeds: Mapping[int | None, Feed], walls: Path | None
    ) -> Target | None:
        feed, armed = feeds.get(output.feed_id), self._account.armed[output.airing_id]
        recipe = next((one.recipe for one in armed.outputs if one.feed_id == output.feed_id), None)
        url = listen_url(feed) if feed is not None else None
        if feed is None or url is None or recipe is None:
            return None
        if walls is not None:
            try:
                check_confined(FeedAddress(feed.protocol, feed.address, options=feed.options), walls)
            except FeedError:
                return None
        return Target(output, url, armed.sound(recipe).encoding, bool(feed.options.get("listen_url")))

    # --- what is heard -------------------------------------------------------------------------------------------

    def _judged(self, target: Target, clip: Clip | None) -> Listening | None:
        """What a clip says; None where nothing can be said, which is the log's."""
        try:
            return self._row(target, clip)
        except (OSError, AudioError) as error:
            if is_news(f"monitor {target.key}"):
                log.warning("what was heard cannot be compared", feed=target.output.feed_id, error=str(error))
            return None

    def _row(self, target: Target, clip: Clip | None) -> Listening:
        ear, level = self._ears.get(target.key, Ear()), target.output.level
        heard = self._decoded(clip) if clip is not None else None
        hearing: Hearing | None = None
        if clip is None or heard is None:
            finding, at_s = unheard(ear, level), time.time()
        else:
            at_s = clip.at_s
            finding, hearing = self._compared(target, heard, at_s, ear)
        self._ears[target.key] = finding.ear
        if finding.kind in BAD or finding.kind == "unreachable":
            log.warning(
                "heard", airing=target.key[0], feed=target.key[1], finding=finding.kind,
                confirmed=finding.confirmed, likeness=hearing and round(hearing.likeness, 2),
            )  # fmt: skip
        return Listening(
            airing_id=target.output.airing_id,
            feed_id=target.output.feed_id,
            at=datetime.fromtimestamp(at_s, UTC),
            finding=finding.kind,
            delay_s=None if finding.delay_s is None else round(finding.delay_s, 2),
            likeness=None if hearing is None else round(hearing.likeness, 3),
            loudness_dbfs=None if hearing is None else round(hearing.loudness_dbfs, 1),
            level=level,
            confirmed=finding.confirmed,
        )

    def _decoded(self, clip: Clip) -> Samples | None:
        """The last of what came; None where it is not sound."""
        heard = decode(
            clip.body, OF_MEDIA_TYPES.get(clip.media_type), ffmpeg=find_ffmpeg(self._settings.ffmpeg), longest_s=300.0
        )  # fmt: skip
        return heard[-round(CLIP_S * RATE) :] if len(heard) >= SHORTEST_S * RATE else None

    def _compared(self, target: Target, heard: Samples, at_s: float, ear: Ear) -> tuple[Finding, Hearing]:
        delay_s = self._longest_delay_s if target.is_elsewhere else min(OWN_DELAY_S, self._longest_delay_s)
        since_s = at_s - self._longest_delay_s - CLIP_S
        meant = expected(
            self._account.pieces(target.output.feed_id, since_s), since_s, find_ffmpeg(self._settings.ffmpeg)
        )
        is_all_known = meant is not None and meant.from_s <= at_s - delay_s - CLIP_S
        if meant is None:
            meant = Expected(heard[:0], at_s, at_s)
        near_s = meant.until_s - at_s + ear.place.delay_s if ear.place is not None else None
        hearing = listen(heard, meant.sound, near_s=near_s)
        place = Place(at_s, at_s - (meant.until_s - hearing.lag_s))
        finding = judge(hearing, place, ear, target.output.level, is_all_known=is_all_known)
        return finding, hearing


def _take(client: httpx.Client, target: Target) -> Clip | None:
    try:
        return take(client, target.url, target.bytes_a_second)
    except Unheard as why:
        if is_news(f"unheard {target.key}"):
            log.info("nothing to hear", airing=target.key[0], feed=target.key[1], why=str(why))
        return None


def run_monitor(settings: Settings, stopping: threading.Event) -> None:
    """Listen until told to stop. Whoever is on the air must not notice."""
    give_way()
    lock = Lock(settings.run_dir / "monitor.lock")
    while not lock.acquire():  # the one before us is still ending
        if stopping.wait(1.0):
            return
    monitor = Monitor(settings, open_database(settings))
    pause_s = 1.0
    while not stopping.wait(pause_s):
        began = time.monotonic()
        try:
            found = monitor.listen()
        except Exception:
            # The database away, a full disk, a fault of ours in one comparison: it is tried again
            if is_news("monitor"):
                log.exception("could not listen")
            found = []
        pause_s = max(_pause_s(found) - (time.monotonic() - began), 1.0)
    monitor.close()


def _pause_s(found: Sequence[Listening]) -> float:
    """From the beginning of one turn to the next."""
    if not found:
        return IDLE_S
    doubted = any(row.finding in BAD and not row.confirmed for row in found)
    return SOON_S + CLIP_S if doubted else EVERY_S
