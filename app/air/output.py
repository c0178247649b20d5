"""One feed's live output: connected in time, fed by the ticker, connected again when it is lost, silent never.

The life of the connection is a task of its own; what is due is written by `step`, which the ticker calls and which
waits for nothing. Outputs know nothing of each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from app.air.account import Account, Sent
from app.air.armed import Level
from app.air.booked import Booked
from app.air.clock import SECOND_NS, Anchor, from_ns, take_anchor
from app.air.endpoints.contract import LiveAddress, LiveEndpoint
from app.air.progress import Progress
from app.air.recorder import Recorder
from app.air.tap import Tap
from app.air.ticker import Ticker
from app.air.timeline import Booking, Stretch, in_force
from app.air.tracks import NotReady
from app.feeds.errors import FeedError
from app.feeds.threads import in_own_thread
from app.processes import is_news
from audio.wires import Wire, wire_for

log = structlog.get_logger()

CHUNK_S = 0.096
"""What is written at once: four MP3 frames. Icecast forwards in blocks of about as much."""

AHEAD_NS = 2 * SECOND_NS
"""The connection is begun so long before the first frame is due."""

CONNECT_S = 40.0
"""Longer than any driver tries, or waits to be called."""

PAUSES_S = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Before the next try to connect; the last one is repeated. What only a person can mend is tried as seldom as that."""

STEADY_NS = 10 * SECOND_NS
"""What held for so long is connected again at once when it breaks; what breaks sooner, after longer and longer pauses."""

REANCHOR_NS = SECOND_NS // 20
"""A step of the system's clock by more than this, seen before the programme begins, is followed."""

CLOSE_S = 3.0
TITLE_S = 5.0
TAP_S = 60.0

OpenEndpoint = Callable[[LiveAddress], LiveEndpoint]


@dataclass
class LiveOutput:
    """Feeds one endpoint with whatever is booked on it."""

    feed_id: int
    ticker: Ticker
    recorder: Recorder
    progress: Progress
    open_endpoint: OpenEndpoint
    tap_at: Path
    """Where whoever listens in finds what is sent."""
    state: str = "idle"
    """``idle``, ``connecting``, ``on``."""
    why: str | None = None
    """Of what is not on though it should be: the error's code and words."""
    frame: int = 0
    """The next frame of the airing that is being sent."""
    _booked: tuple[Booked, ...] = ()
    _current: Booked | None = None
    _anchor: Anchor | None = None
    _begun: int | None = None
    """The airing whose programme has begun here: until it is over its anchor stays, whatever becomes of the clock."""
    _over: set[str] = field(default_factory=set)
    """What was sent to its end, by the names of what was armed."""
    _endpoint: LiveEndpoint | None = None
    _wire: Wire | None = None
    _tap: Tap | None = None
    _tapping: asyncio.Task[None] | None = None
    _opening: bytes = b""
    _title: str | None = None
    """What listeners were told last on this connection."""
    _telling: asyncio.Task[None] | None = None
    _failed: dict[Level, int] = field(default_factory=dict)
    _dropped: str | None = None
    """The takeover whose studio did not come in time: it is heard no more here, whatever still comes."""
    _retry_ns: int = 0
    _account: Account = field(init=False)
    _just_sent: Sent | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    """The connection is to end."""
    _is_lost: bool = False
    """It ended because something is wrong."""
    _connecting: asyncio.Timeout | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._account = Account(self.feed_id, self.recorder, self.progress)

    # --- what is booked ------------------------------------------------------------------------------------------

    def book(self, booked: Sequence[Booked]) -> None:
        """Everything that this output is to send from now on. What is on the air goes on at its next frame."""
        self._booked = tuple(booked)
        self._over &= {one.booking.armed.name for one in booked}
        current = self._current
        if current is not None:
            airing = current.booking.armed.airing_id
            again = next((one for one in booked if one.booking.armed.airing_id == airing), None)
            if again is None:
                self._begun = None
                self._end("taken off")
            elif (_connection(again.booking), again.booking.starts_ns) != (
                _connection(current.booking),
                current.booking.starts_ns,
            ):
                self._end("changed")
            elif again.booking.armed.serial != current.booking.armed.serial:
                self._current, self._failed = again, {}
        self._changed.set()

    @property
    def airing_id(self) -> int | None:
        """What it sends, or is about to. Asked by another thread, as `level` is: what is looked at may change meanwhile."""
        current = self._current
        return current.booking.armed.airing_id if current else None

    @property
    def level(self) -> Level | None:
        return self._account.level

    def leave(self) -> None:
        """It is needed no more."""
        if self._tapping is not None:
            self._tapping.cancel()
        if self._tap is not None:
            self._tap.close()

    # --- the life of its connection ------------------------------------------------------------------------------

    async def run(self) -> None:
        """For as long as the process lives."""
        tries = 0
        while True:
            self._changed.clear()
            booked = self._next()
            wait_ns = booked.booking.opens_ns - AHEAD_NS - self._utc_ns() if booked else 3600 * SECOND_NS
            if booked is None or wait_ns > 0:
                tries = 0
                self.state, self.why, self._current = "idle", None, None
                await self._sleep(min(wait_ns / SECOND_NS, 3600.0))
                continue
            began_ns = time.monotonic_ns()
            if await self._feed(booked):
                continue
            if time.monotonic_ns() - began_ns > STEADY_NS:
                tries = 0
            await self._sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def _utc_ns(self) -> int:
        """Now: by its own clock for the airing that has begun, otherwise by the system's."""
        if self._begun is not None and self._anchor is not None:
            return self._anchor.utc_ns(time.monotonic_ns())
        return time.time_ns()

    def _next(self) -> Booked | None:
        left = [one for one in self._booked if one.booking.armed.name not in self._over]
        found = in_force([one.booking for one in left], self._utc_ns())
        if self._begun is not None and (found is None or found.armed.airing_id != self._begun):
            self._begun = None
            return self._next()
        return next((one for one in left if one.booking is found), None)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _feed(self, booked: Booked) -> bool:
        """Connect and send until nothing more is booked on this connection. Gives False if it failed or was lost."""
        self._current, self.state = booked, "connecting"
        self._ended, self._is_lost, self._failed = asyncio.Event(), False, {}
        endpoint: LiveEndpoint | None = None
        try:
            if self._tap is None and (self._tapping is None or self._tapping.done()):
                self._tapping = asyncio.create_task(self._attach_tap())
            endpoint = self.open_endpoint(_address(booked.booking))
            async with asyncio.timeout(CONNECT_S) as self._connecting:
                await endpoint.connect()
            self._connecting = None
            if not self._ended.is_set():
                self._begin(endpoint)
                await self._ended.wait()
            if self.state == "over":
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await endpoint.close()
        except (FeedError, TimeoutError) as error:
            if not self._ended.is_set():
                self._say_why(error)
                return False
        except Exception as error:
            # Whatever it is, it is this output's own; and it is tried again, for a task that ends would be silence
            if is_news(f"output {self.feed_id}"):
                log.exception("an output failed", feed=self.feed_id)
            self._say_why(error)
            return False
        finally:
            self.ticker.forget(self)
            self._account.end("stopped", self._endpoint)
            self._connecting = self._endpoint = None
            if endpoint is not None:
                endpoint.abort()
        return not self._is_lost

    async def _attach_tap(self) -> None:
        """Beside the connection, not before it: the tap is on a disk, and that may hang."""
        with contextlib.suppress(TimeoutError):
            self._tap = await in_own_thread(lambda _: _open_tap(self.tap_at), TAP_S)
        if self._tap is not None:
            self._tap.begin(self._opening)

    def _say_why(self, error: Exception) -> None:
        code, words = "internal", "a fault of our own: see the log"
        if isinstance(error, FeedError):
            code, words = error.code, str(error)
        elif isinstance(error, TimeoutError):
            code, words = "timeout", "the site did not answer in time"
        why = f"{code}: {words}"
        if self._current is not None and why != self.why:
            log.warning("not on the air", airing=self.airing_id, feed=self.feed_id, why=why)
            self._tell("down", {"f": self.feed_id, "why": code})
        self.why = why

    def _begin(self, endpoint: LiveEndpoint) -> None:
        assert self._current is not None
        booking = self._current.booking
        self._endpoint, self._wire = endpoint, wire_for(booking.sound.encoding)
        if self._anchor is None or self._begun != booking.armed.airing_id:
            self._anchor, self._begun = take_anchor(), None
        now_ns = time.monotonic_ns()
        self._account.begin(now_ns)
        self._title = None
        self.state, self.why = "on", None
        self.frame = booking.frame_at(max(self._anchor.utc_ns(now_ns), booking.opens_ns))
        self._opening = self._wire.opening()
        try:
            endpoint.write(self._opening)
        except ConnectionError as error:
            self._lose(str(error))
            return
        if self._tap is not None:
            self._tap.begin(self._opening)
        self._tell("up", {"f": self.feed_id, "n": self.frame})
        self.ticker.call_at(self._anchor.monotonic_ns(booking.due_ns(self.frame)), self)

    # --- what is due ---------------------------------------------------------------------------------------------

    def step(self, now_ns: int, due_ns: int) -> None:
        """Write what is due (`Ticked`)."""
        booked, endpoint, wire = self._current, self._endpoint, self._wire
        self._just_sent = None
        if booked is None or endpoint is None or wire is None or self._ended.is_set():
            return
        booking = booked.booking
        if self.frame >= booking.sound.frames:
            return
        stretch, frames = self._frames(booked, self._at_once(booking, endpoint), now_ns)
        data = wire.wrap(frames)
        try:
            endpoint.write(data)
        except ConnectionError as error:
            self._lose(str(error))
            return
        late_us = (time.monotonic_ns() - due_ns) // 1000
        self._just_sent = Sent(booked, endpoint, stretch, data, late_us)

    def _at_once(self, booking: Booking, endpoint: LiveEndpoint) -> int:
        """How many frames are written next.

        With the programme's first one there are as many as it takes to push it through: else it might lie on the other side
        in a block that is not full yet, until the next write.
        """
        usual = max(1, round(CHUNK_S * booking.sample_rate / booking.frame_samples))
        kbps = booking.sound.encoding.bitrate_kbps
        if self.frame != 0 or kbps is None:
            return usual
        frame_bytes = kbps * 125 * booking.frame_samples // booking.sample_rate
        return max(usual, 1 - (-endpoint.block_bytes // max(frame_bytes, 1)))

    def settle(self, now_ns: int) -> int | None:
        """Put down what was sent, and say when the next is due (`Ticked`)."""
        sent, current = self._just_sent, self._current
        if self._ended.is_set() or self._anchor is None or current is None:
            return None
        if sent is None:
            return self._go_on(current)
        booking, stretch = sent.booked.booking, sent.stretch
        if self._tap is not None:
            self._tap.write(booking.armed.airing_id, sent.data, now_ns)
        self._account.note(sent, now_ns)
        self._entitle(booking, stretch, sent.endpoint)
        if stretch.at >= 0 and self._begun is None:
            self._begun = booking.armed.airing_id
            if stretch.at == 0:
                self._tell("first", {"f": self.feed_id, "late_us": sent.late_us})
        self.frame = stretch.at + stretch.count
        if self._begun is None:
            self._follow_the_clock(booking, now_ns)
        if self._account.is_stalled(now_ns):
            self._lose("nothing is acknowledged any more")
        if self._ended.is_set() or self._anchor is None:
            return None
        return self._anchor.monotonic_ns(booking.due_ns(self.frame))

    def _entitle(self, booking: Booking, stretch: Stretch, endpoint: LiveEndpoint) -> None:
        """Tell listeners what they hear, where the feed asks for it. What stands in has no title."""
        if not booking.output.titles:
            return
        title = booking.title(stretch.at) if stretch.level == "programme" else None
        if title is not None and title != self._title:
            self._title = title
            self._telling = asyncio.create_task(_tell_title(endpoint, title))

    def broke(self) -> None:
        """The ticker calls us no more: connect anew (`Ticked`)."""
        self._lose("a fault of our own")

    def _frames(self, booked: Booked, most: int, now_ns: int) -> tuple[Stretch, list[bytes]]:
        """What goes out next. For a step of the chain that is not in memory another one stands in, until it is."""
        if self._failed and now_ns >= self._retry_ns:
            self._retry_ns = now_ns + SECOND_NS
            stretch = booked.booking.stretch(self.frame, most, self._without_dropped(booked, {}))
            with contextlib.suppress(NotReady):
                frames = booked.tracks[stretch.level].frames(stretch.first, stretch.count)
                self._failed = {}
                return stretch, frames
        while True:
            stretch = booked.booking.stretch(self.frame, most, self._without_dropped(booked, self._failed))
            try:
                return stretch, booked.tracks[stretch.level].frames(stretch.first, stretch.count)
            except NotReady:
                # The interval signal is all in memory, so this ends
                log.warning(
                    "frames are not in memory", level=stretch.level, feed=self.feed_id, frame=self.frame
                )
                if stretch.level == "studio" and booked.booking.armed.studio is not None:
                    self._dropped = booked.booking.armed.studio.takeover
                    continue
                self._failed[stretch.level] = self.frame
                self._retry_ns = now_ns + SECOND_NS

    def _without_dropped(self, booked: Booked, failed: dict[Level, int]) -> dict[Level, int]:
        """What cannot be had, and the studio with it that was late once: to and fro would be worse than its loss."""
        studio = booked.booking.armed.studio
        return {**failed, "studio": 0} if studio is not None and studio.takeover == self._dropped else failed

    def _go_on(self, booked: Booked) -> int | None:
        """The airing is over: hand the connection to the next one, if that opens by now, or end it."""
        self._account.end("over", self._endpoint)
        self._over.add(booked.booking.armed.name)
        self._begun = None
        now = self._utc_ns()
        following = self._next()
        if (
            following is None
            or following.booking.opens_ns > now
            or _connection(following.booking) != _connection(booked.booking)
        ):
            self.state = "over"
            self._ended.set()
            return None
        self._current, self._failed, self._anchor = following, {}, take_anchor()
        booking, ends_ns = following.booking, booked.booking.ends_ns
        # Frame by frame behind the one before, unless the clock was set meanwhile
        at_ns = ends_ns if abs(now - ends_ns) < SECOND_NS else now
        self.frame = booking.frame_at(max(at_ns, booking.opens_ns))
        return self._anchor.monotonic_ns(booking.due_ns(self.frame))

    def _follow_the_clock(self, booking: Booking, now_ns: int) -> None:
        """Before the programme begins, a step of the system's clock is followed; afterwards nothing moves any more."""
        fresh = take_anchor()
        assert self._anchor is not None
        off = fresh.utc_minus_monotonic_ns - self._anchor.utc_minus_monotonic_ns
        if abs(off) <= REANCHOR_NS:
            return
        log.warning("the system's clock was set", by_ms=off // 1_000_000, feed=self.feed_id)
        self._tell("anchored", {"f": self.feed_id, "by_ms": off // 1_000_000})
        self._anchor = fresh
        utc_ns = fresh.utc_ns(now_ns)
        if utc_ns < booking.opens_ns - AHEAD_NS or utc_ns >= booking.ends_ns:
            self._end("the clock was set")
        else:
            # Neither a burst of what was passed over nor a silence until what was sent already is due again
            self.frame = booking.frame_at(max(utc_ns, booking.opens_ns))

    # --- how it ends ---------------------------------------------------------------------------------------------

    def _lose(self, why: str) -> None:
        self._is_lost = True
        self.state, self.why = "connecting", f"connection-lost: {why}"
        if self._current is not None:
            log.warning("connection lost", airing=self.airing_id, feed=self.feed_id, why=why)
        self._end(why)
        if self._current is not None:
            self._tell("down", {"f": self.feed_id, "n": self.frame, "why": why[:60]})

    def _end(self, why: str) -> None:
        """Let go of the connection, or of connecting, at once."""
        self._ended.set()
        if self._connecting is not None:
            self._connecting.reschedule(asyncio.get_running_loop().time())
            self._connecting = None
        self._account.end(why, self._endpoint)
        if self._endpoint is not None:
            self._endpoint.abort()

    def _tell(self, kind: str, detail: dict[str, object]) -> None:
        assert self._current is not None
        armed = self._current.booking.armed
        self.recorder.tell(kind, armed.airing_id, armed.version, from_ns(time.time_ns()), detail)


async def _tell_title(endpoint: LiveEndpoint, title: str) -> None:
    """The sound does not depend on it."""
    try:
        async with asyncio.timeout(TITLE_S):
            await endpoint.tell(title)
    except (FeedError, TimeoutError) as error:
        if is_news("title"):
            log.warning("the endpoint takes no title", error=str(error))


def _open_tap(path: Path) -> Tap | None:
    """Nobody can listen in when there is no room for it, and that is all."""
    try:
        return Tap(path)
    except OSError as error:
        log.warning("nobody can listen in", error=str(error))
        return None


def _connection(booking: Booking) -> tuple[object, ...]:
    """What must be the same for two airings to share a connection."""
    output = booking.output
    return (
        output.protocol,
        output.address,
        output.credential,
        sorted(output.options.items(), key=str),
        booking.sound.encoding,
    )


def _address(booking: Booking) -> LiveAddress:
    output, media_type = booking.output, booking.sound.encoding.live_media_type
    assert media_type is not None, "tracks are made of what can be live"
    return LiveAddress(
        output.protocol, output.address, media_type, output.credential, output.options, output.confined_to
    )
