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

import structlog

from app.air.armed import Level, Output
from app.air.clock import SECOND_NS, Anchor, from_ns, take_anchor
from app.air.endpoints.contract import LiveAddress, LiveEndpoint
from app.air.progress import Progress, Run
from app.air.recorder import Recorder
from app.air.ticker import Ticker
from app.air.timeline import Booking, Stretch, in_force
from app.air.tracks import NotReady, Track
from app.feeds.errors import FeedError
from audio.wires import Wire, wire_for

log = structlog.get_logger()

CHUNK_S = 0.096
"""What is written at once: four MP3 frames. Icecast forwards in blocks of about as much."""

AHEAD_NS = 2 * SECOND_NS
"""The connection is begun so long before the first frame is due."""

CONNECT_S = 10.0
PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before the next try to connect; the last one is repeated. What only a person can mend is tried as seldom as that."""

STALLED_NS = 5 * SECOND_NS
"""No acknowledgement for so long, while something waits for one: the connection is dead, whatever its state says."""

REANCHOR_NS = SECOND_NS // 20
"""A step of the system's clock by more than this, seen before the programme begins, is followed."""

CLOSE_S = 3.0

OpenEndpoint = Callable[[LiveAddress], LiveEndpoint]


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, and the tracks that it plays."""

    booking: Booking
    tracks: dict[Level, Track]


@dataclass
class LiveOutput:
    """Feeds one endpoint with whatever is booked on it."""

    feed_id: int
    ticker: Ticker
    recorder: Recorder
    progress: Progress
    open_endpoint: OpenEndpoint
    state: str = "idle"
    """``idle``, ``connecting``, ``on``."""
    why: str | None = None
    """Of what is not on though it should be: the error's code and words."""
    frame: int = 0
    """The next frame of the airing that is being sent."""
    _booked: tuple[Booked, ...] = ()
    _current: Booked | None = None
    _anchor: Anchor | None = None
    _endpoint: LiveEndpoint | None = None
    _wire: Wire | None = None
    _failed: dict[Level, int] = field(default_factory=dict)
    _run: Run | None = None
    _lost: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _heard_ns: int = 0
    _accepted: int = 0
    _started: int | None = None
    """The airing whose first frame has been sent."""

    def __post_init__(self) -> None:
        self._slot = self.progress.slot()

    # --- what is booked ------------------------------------------------------------------------------------------

    def book(self, booked: Sequence[Booked]) -> None:
        """Everything that this output is to send from now on. What is on the air goes on at its next frame."""
        self._booked = tuple(booked)
        if self._current is not None:
            airing = self._current.booking.armed.airing_id
            again = next((one for one in booked if one.booking.armed.airing_id == airing), None)
            if again is None or _connection(again.booking) != _connection(self._current.booking):
                self._end_run("taken off" if again is None else "changed")
                self._lost.set()
            elif again.booking.armed.serial != self._current.booking.armed.serial:
                self._current, self._failed = again, {}
        self._changed.set()

    def leave(self) -> None:
        """It is needed no more."""
        self.progress.give_back(self._slot)

    @property
    def airing_id(self) -> int | None:
        """What it sends, or is about to."""
        return self._current.booking.armed.airing_id if self._current else None

    @property
    def level(self) -> Level | None:
        return self._run.level if self._run else None

    # --- the life of its connection ------------------------------------------------------------------------------

    async def run(self) -> None:
        """For as long as the process lives."""
        tries = 0
        while True:
            self._changed.clear()
            booked = self._next()
            if booked is None:
                tries = 0
                self._rest()
                await self._sleep(3600.0)
            elif (wait_ns := booked.booking.opens_ns - AHEAD_NS - time.time_ns()) > 0:
                tries = 0
                self._rest()
                await self._sleep(min(wait_ns / SECOND_NS, 3600.0))
            elif await self._feed(booked):
                tries = 0
            else:
                pause = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                tries += 1
                await self._sleep(pause)

    def _next(self) -> Booked | None:
        found = in_force([one.booking for one in self._booked], time.time_ns())
        return next((one for one in self._booked if one.booking is found), None)

    def _rest(self) -> None:
        self.state, self.why, self._current = "idle", None, None

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def _feed(self, booked: Booked) -> bool:
        """Connect and send until the connection is lost or nothing more is booked on it. Gives whether it was ever on."""
        self._current, self.state = booked, "connecting"
        output = booked.booking.output
        media_type = booked.booking.sound.encoding.live_media_type
        assert media_type is not None, "tracks are made of what can be live"
        endpoint = self.open_endpoint(_address(output, media_type))
        try:
            async with asyncio.timeout(CONNECT_S):
                await endpoint.connect()
        except (FeedError, TimeoutError) as error:
            endpoint.abort()
            self._say_why(error)
            return False
        except asyncio.CancelledError:
            endpoint.abort()
            raise
        self._begin(booked, endpoint)
        try:
            await self._lost.wait()
        except asyncio.CancelledError:
            self._end_run("stopped")
            endpoint.abort()
            raise
        finally:
            self.ticker.forget(self)
            self._endpoint = None
        if self.state == "over":
            self.state = "idle"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(endpoint.close(), CLOSE_S)
        endpoint.abort()
        return True

    def _say_why(self, error: FeedError | TimeoutError) -> None:
        code, words = (
            (error.code, str(error))
            if isinstance(error, FeedError)
            else ("timeout", "the site did not answer in time")
        )
        why = f"{code}: {words}"
        if self._current is not None and why != self.why:
            armed = self._current.booking.armed
            log.warning("not on the air", airing=armed.airing_id, feed=self.feed_id, why=why)
            self._tell("down", {"f": self.feed_id, "why": code})
        self.why = why

    def _begin(self, booked: Booked, endpoint: LiveEndpoint) -> None:
        encoding = booked.booking.sound.encoding
        self._endpoint, self._wire, self._lost = endpoint, wire_for(encoding), asyncio.Event()
        self._anchor = take_anchor()
        self._heard_ns, self._accepted = time.monotonic_ns(), 0
        self.state, self.why = "on", None
        now = self._anchor.utc_ns(time.monotonic_ns())
        self.frame = booked.booking.frame_at(max(now, booked.booking.opens_ns))
        try:
            endpoint.write(self._wire.opening())
        except ConnectionError as error:
            self._lose(str(error))
            return
        self._tell("up", {"f": self.feed_id, "n": self.frame})
        self.ticker.call_at(self._anchor.monotonic_ns(booked.booking.due_ns(self.frame)), self)

    # --- what is due ---------------------------------------------------------------------------------------------

    def step(self, now_ns: int, due_ns: int) -> int | None:
        """Write what is due (`Ticked`)."""
        booked, anchor, endpoint, wire = self._current, self._anchor, self._endpoint, self._wire
        if booked is None or anchor is None or endpoint is None or wire is None or self._lost.is_set():
            return None
        booking = booked.booking
        if self.frame >= booking.sound.frames:
            return self._go_on(booked)
        most = max(1, round(CHUNK_S * booking.sample_rate / booking.frame_samples))
        stretch, frames = self._frames(booked, most)
        try:
            endpoint.write(wire.wrap(frames))
        except ConnectionError as error:
            self._lose(str(error))
            return None
        self._note(booked, stretch, endpoint, now_ns)
        if stretch.at == 0 and self._started != booking.armed.airing_id:
            self._started = booking.armed.airing_id
            self._tell("first", {"f": self.feed_id, "late_us": (time.monotonic_ns() - due_ns) // 1000})
        self.frame = stretch.at + stretch.count
        if self.frame <= 0:
            self._follow_the_clock()
        if now_ns - self._heard_ns > STALLED_NS:
            self._lose("nothing is acknowledged any more")
            return None
        return self._anchor.monotonic_ns(booking.due_ns(self.frame)) if self._anchor else None

    def broke(self) -> None:
        """The ticker calls us no more: connect anew (`Ticked`)."""
        self._lose("a fault of our own")

    def _frames(self, booked: Booked, most: int) -> tuple[Stretch, list[bytes]]:
        """What goes out next. A step of the chain that is not in memory is left for the rest of this airing."""
        while True:
            stretch = booked.booking.stretch(self.frame, most, self._failed)
            try:
                return stretch, booked.tracks[stretch.level].frames(stretch.first, stretch.count)
            except NotReady:
                # The interval signal is all in memory, so this ends
                log.warning(
                    "frames are not in memory", level=stretch.level, feed=self.feed_id, frame=self.frame
                )
                self._failed[stretch.level] = self.frame

    def _note(self, booked: Booked, stretch: Stretch, endpoint: LiveEndpoint, now_ns: int) -> None:
        """Keep account of what has been sent, and of what the other side has acknowledged."""
        armed, sha256 = booked.booking.armed, booked.tracks[stretch.level].sha256
        run = self._run
        goes_on = (
            run is not None
            and (run.airing_id, run.version, run.level, run.sha256, run.until)
            == (armed.airing_id, armed.version, stretch.level, sha256, stretch.at)
            and run.first + (run.until - run.at) == stretch.first
        )
        if not goes_on:
            self._end_run(None)
            run = self._run = Run(
                armed.airing_id, self.feed_id, armed.version, stretch.level, sha256,
                stretch.at, stretch.at, stretch.first,
            )  # fmt: skip
        assert run is not None
        taken = endpoint.taken()
        if taken.accepted > self._accepted or taken.accepted >= taken.written:
            self._heard_ns, self._accepted = now_ns, taken.accepted
        run.until = stretch.at + stretch.count
        run.written, run.accepted = taken.written, taken.accepted
        self.progress.store(self._slot, run)

    def _go_on(self, booked: Booked) -> int | None:
        """The airing is over: hand the connection to the next one, if that opens by now, or end it."""
        self._end_run("over")
        following = self._next()
        if (
            following is None
            or following.booking.armed.airing_id == booked.booking.armed.airing_id
            or _connection(following.booking) != _connection(booked.booking)
            or following.booking.opens_ns > time.time_ns()
        ):
            self.state = "over"
            self._lost.set()
            return None
        self._current, self._failed, self._anchor = following, {}, take_anchor()
        booking = following.booking
        self.frame = booking.frame_at(max(booked.booking.ends_ns, booking.opens_ns))
        return self._anchor.monotonic_ns(booking.due_ns(self.frame))

    def _follow_the_clock(self) -> None:
        """Before the programme begins, a step of the system's clock is followed; afterwards nothing moves any more."""
        fresh = take_anchor()
        assert self._anchor is not None
        off = fresh.utc_minus_monotonic_ns - self._anchor.utc_minus_monotonic_ns
        if abs(off) > REANCHOR_NS:
            log.warning("the system's clock was set", by_ms=off // 1_000_000, feed=self.feed_id)
            self._tell("anchored", {"f": self.feed_id, "by_ms": off // 1_000_000})
            self._anchor = fresh

    def _lose(self, why: str) -> None:
        self._end_run(why)
        self.state, self.why = "connecting", f"connection-lost: {why}"
        if self._current is not None:
            log.warning("connection lost", airing=self.airing_id, feed=self.feed_id, why=why)
            self._tell("down", {"f": self.feed_id, "n": self.frame, "why": why[:60]})
        if self._endpoint is not None:
            self._endpoint.abort()
        self._lost.set()

    def _end_run(self, why: str | None) -> None:
        run, self._run = self._run, None
        if run is not None and run.until > run.at:
            if self._endpoint is not None and why is not None:
                run.accepted = max(run.accepted, self._endpoint.taken().accepted)
            tell_run(self.recorder, run, why, time.time_ns())
        self.progress.clear(self._slot)

    def _tell(self, kind: str, detail: dict[str, object]) -> None:
        assert self._current is not None
        armed = self._current.booking.armed
        self.recorder.tell(kind, armed.airing_id, armed.version, from_ns(time.time_ns()), detail)


def tell_run(recorder: Recorder, run: Run, why: str | None, utc_ns: int) -> None:
    """Put on the record what went out in one piece; ``why`` it ended, where it was not followed by something else."""
    detail: dict[str, object] = {
        "f": run.feed_id, "l": run.level, "n": [run.at, run.until], "k": run.first, "s": run.sha256[:12],
        "lag": run.written - run.accepted,
    }  # fmt: skip
    if why is not None:
        detail["why"] = why[:30]
    recorder.tell("sent", run.airing_id, run.version, from_ns(utc_ns), detail)


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


def _address(output: Output, media_type: str) -> LiveAddress:
    return LiveAddress(
        output.protocol, output.address, media_type, output.credential, output.options, output.confined_to
    )
