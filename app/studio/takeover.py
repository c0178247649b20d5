"""One studio on one airing: what it sends is kept, encoded in real time, and heard while it comes in time.

Frame 0 of the files of frames is due at ``zero_sample`` of the airing, frame k so many frames later: fixed once, when the
studio has shown how evenly it sends, such that its frames lie ready `Settings.studio_cushion_s` before they are due. From
then on there is nothing to agree upon: the engine says from which sample on the studio is heard (`app.studio.turns`), the
air process reads the files, and this process keeps filling them, without a database. Frames that are late end the takeover:
the air process has gone back to the programme by then, and the studio comes in again by connecting anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.airings import service
from app.airings.models import Airing
from app.database import id_of, writing
from app.errors import Conflict, DanpaError
from app.processes import utcnow
from app.settings import Settings
from app.studio.access import Permit
from app.studio.files import FramesFile, Note, Recording, forget, frames_path, new_name, write_note
from app.studio.handing_over import hand_over, was_refused
from app.studio.protocol import Refused
from app.studio.watching import ArmedWatch, OnAir
from audio.errors import AudioError, NotAudio
from audio.ffmpeg import find_ffmpeg
from audio.levels import SILENCE_PEAK
from audio.live import LiveChain, LiveSound
from audio.meter import Samples
from audio.pcm import RATE
from audio.profile import MP3_FRAME_SAMPLES, Encoding
from schedules.time import samples_to_timedelta

log = structlog.get_logger()

LOOK_S = 0.1
SETTLE_S = 0.5
"""What a decoder has collected before its first frame comes at once, and says nothing of how evenly a studio sends."""

READY_S = 1.5
"""So long a studio is listened to before it is let onto the air."""

MOST_AHEAD_S = 8.0
"""What comes faster than it is heard is held up here: somebody sends a file."""

MARGIN_S = 0.25
"""What an output takes at once, and how long frames take from here to it: an output must never be the first to find a studio
late, for the others would go on with it.
"""

PATIENCE_S = 10.0
"""Without a sound for so long, or without an answer from the engine, nothing comes of it."""

SILENT_S = 15.0
"""A studio that sends silence for so long has lost its microphone: the programme goes on."""

ENDED, OVER, LATE = "the studio ended", "its time is over", "it came too late"


@dataclass(slots=True)
class _Form:
    """The sound in one recipe: its file, and how much of the airing a frame is."""

    recipe: str
    encoding: Encoding
    file: FramesFile

    @property
    def samples(self) -> int:
        """What lies in the file, in samples at 48 kHz."""
        return self.file.count * (self.encoding.frame_samples or 0) * RATE // self.encoding.sample_rate


@dataclass
class Takeover:
    """A studio that was let in (`Permit`), from its first byte to the segment that is made of it."""

    database: Engine
    settings: Settings
    permit: Permit
    name: str = ""
    zero_sample: int | None = None
    """None until it is ready."""
    place: OnAir | None = None
    _forms: list[_Form] = field(default_factory=list)
    _chain: LiveChain | None = None
    _recording: Recording | None = None
    _intent: int = 0
    _asked_at: float = 0.0
    _began: float = 0.0
    _first: float | None = None
    """The monotonic instants at which it connected, and at which its first sound was decoded."""
    _began_at: datetime = field(default_factory=utcnow)
    _spare_s: float | None = None
    """By how much its frames were ahead of real time when they were least so."""
    _decoded: int = 0
    _sounded: int = 0
    """How many samples were decoded until it was last not silent."""
    _has_been_late: bool = False
    _closing: threading.Event = field(default_factory=threading.Event)

    async def run(self, body: AsyncIterator[bytes]) -> str:
        """Until it is over, in whichever way; gives why."""
        self._began, self._began_at = time.monotonic(), utcnow()
        why, tasks = "the service ends", list[asyncio.Task[str]]()
        try:
            await asyncio.to_thread(self._open)
            log.info("a studio is here", takeover=self.name, person=self.permit.person_id)
            tasks += [asyncio.create_task(self._pump(body)), asyncio.create_task(self._watch())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            why = next(iter(done)).result()
        finally:
            self._closing.set()
            for task in tasks:
                task.cancel()
            # Even when we are told to stop: what was recorded must not be lost
            await asyncio.shield(asyncio.create_task(self._end(why, tasks)))
        return why

    # --- what comes in -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.name = new_name(self.settings, self.permit.airing_id)
        self._recording = Recording(self.settings, self.name)
        sounds = []
        for wanted in self.permit.wanted:
            file = FramesFile(frames_path(self.settings, self.name, wanted.recipe))
            form = _Form(wanted.recipe, wanted.encoding, file)
            self._forms.append(form)
            sounds.append(LiveSound(wanted.encoding, wanted.profile, partial(self._take, form)))
        left = self.permit.stops_at - utcnow() + timedelta(minutes=1)
        self._chain = LiveChain(
            self.permit.demuxer,
            sounds,
            ffmpeg=find_ffmpeg(self.settings.ffmpeg),
            timeout_s=left.total_seconds(),
            heard=self._hear,
        )

    async def _pump(self, body: AsyncIterator[bytes]) -> str:
        assert self._chain is not None
        try:
            async for piece in body:
                await asyncio.to_thread(self._put, piece)
            await asyncio.to_thread(self._chain.finish)
        except Refused as refused:
            return str(refused)
        except NotAudio as error:
            return f"it cannot be decoded: {error}"
        except OSError:  # the connection broke
            await asyncio.to_thread(self._chain.finish)
        return ENDED

    def _put(self, piece: bytes) -> None:
        assert self._chain is not None
        assert self._recording is not None
        self._recording.write(piece)
        self._chain.feed(piece)

    def _hear(self, block: Samples) -> None:
        """Called by the chain, in its thread, before a block is processed: it may wait here."""
        now = time.monotonic()
        self._first = now if self._first is None else self._first
        self._decoded += len(block)
        if float(np.abs(block).max(initial=0.0)) > SILENCE_PEAK:
            self._sounded = self._decoded
        ahead = self._decoded / RATE - (now - self._first)
        if ahead > MOST_AHEAD_S:
            self._closing.wait(ahead - MOST_AHEAD_S)

    def _take(self, form: _Form, frames: Sequence[bytes]) -> None:
        """Called by the chain, in a thread of this form's own."""
        if self.zero_sample is None:
            self._note_evenness(form)
        elif self._is_late():
            self._has_been_late = True
        form.file.append(frames)

    def _is_late(self) -> bool:
        return self._due(self._now() + timedelta(seconds=MARGIN_S)) >= self.last_sample

    def _note_evenness(self, form: _Form) -> None:
        """Just before new frames is when a studio is the least ahead."""
        if self._first is not None and (elapsed := time.monotonic() - self._first) > SETTLE_S:
            spare = form.samples / RATE - elapsed
            self._spare_s = spare if self._spare_s is None else min(self._spare_s, spare)

    # --- how it goes -------------------------------------------------------------------------------------------------

    async def _watch(self) -> str:
        """Looks how it goes, until something ends it."""
        watch = ArmedWatch(
            self.settings, self.permit.airing_id, self.name, self._sample(self.permit.stops_at)
        )
        while True:
            await asyncio.sleep(LOOK_S)
            if self._chain is not None and self._chain.failure is not None:
                return f"it cannot be encoded: {self._chain.failure}"
            if self._now() >= self.permit.stops_at:
                return OVER
            why = await self._get_ready() if self.zero_sample is None else await self._look_after(watch)
            if why is not None:
                return why

    async def _get_ready(self) -> str | None:
        elapsed = time.monotonic() - (self._first or self._began)
        if not all(form.file.count for form in self._forms):
            return "there is no sound in it" if elapsed > PATIENCE_S else None
        if elapsed < READY_S:
            return None
        assert self._first is not None
        for form in self._forms:
            self._note_evenness(form)
        cushion = self.settings.studio_cushion_s + self.permit.lead_s - (self._spare_s or 0.0)
        due_at = self._now() + timedelta(seconds=cushion - elapsed)
        # On the grid of the rundown, so that frames are where its frames are
        self.zero_sample = -(-self._sample(due_at) // MP3_FRAME_SAMPLES) * MP3_FRAME_SAMPLES
        try:
            self._intent = await asyncio.to_thread(self._ask)
        except (SQLAlchemyError, DanpaError, OSError) as error:
            return f"it cannot be asked for: {error}"
        self._asked_at = time.monotonic()
        return None

    def _ask(self) -> int:
        assert self.zero_sample is not None
        first = self._forms[0]
        write_note(
            self.settings,
            Note(
                self.name,
                self.permit.airing_id,
                self.permit.title,
                self.permit.person_id,
                self.zero_sample,
                str(first.file.path),
                asdict(first.encoding),
            ),
        )
        return self._want(
            "studio",
            zero_sample=self.zero_sample,
            files={form.recipe: str(form.file.path) for form in self._forms},
            at_once=self.permit.at_once,
        )

    def _want(self, kind: str, **details: Any) -> int:
        with writing(self.database) as session:
            airing = service.get(session, self.permit.airing_id)
            return want(session, airing, kind, self.name, self.permit.person_id, utcnow(), **details)

    async def _look_after(self, watch: ArmedWatch) -> str | None:
        now = self._now()
        before, self.place = self.place, watch.look()
        if self._has_been_late or self._is_late():
            return LATE
        if self.place is not None and self._is_silent(self.place):
            return "it is silent"
        if self.place is not None:
            return OVER if self._sample(now) >= self.place.end else None
        if before is None:
            return await self._wait_for_place()
        self.place = before
        return "somebody has taken it off"

    def _is_silent(self, place: OnAir) -> bool:
        """Too long. Who waits to be heard may well say nothing until then."""
        assert self.zero_sample is not None
        since = max(self._sounded, place.start - self.zero_sample)
        return self._decoded - since > SILENT_S * RATE

    async def _wait_for_place(self) -> str | None:
        if time.monotonic() - self._asked_at > PATIENCE_S:
            return "the engine did not answer"
        with contextlib.suppress(SQLAlchemyError):
            return await asyncio.to_thread(was_refused, self.database, self._intent)
        return None

    @property
    def last_sample(self) -> int:
        """Of the airing: where what has been encoded ends."""
        assert self.zero_sample is not None
        return self.zero_sample + min(form.samples for form in self._forms)

    def _now(self) -> datetime:
        """The time, by a clock that nobody sets while we are here: the air process goes by such a one too."""
        return self._began_at + timedelta(seconds=time.monotonic() - self._began)

    def _sample(self, at: datetime) -> int:
        return position_of(at, self.permit.starts_at)

    def _due(self, now: datetime) -> int:
        """The sample that the earliest feed is being sent."""
        return self._sample(now + timedelta(seconds=self.permit.lead_s))

    # --- how it ends -------------------------------------------------------------------------------------------------

    async def _end(self, why: str, tasks: Sequence[asyncio.Task[str]]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._close)
        log.info("a studio is gone", takeover=self.name, why=why)
        if self.zero_sample is None or not self._intent:
            await asyncio.to_thread(forget, self.settings, self.name)
            return
        last = self.last_sample
        if why != OVER:
            with contextlib.suppress(Conflict):  # the airing is over
                await self._tell(last, why)
        # The next one is let in when the last frame of this one has been heard
        left = self.permit.starts_at + samples_to_timedelta(last) - self._now()
        await asyncio.sleep(min(max(left.total_seconds(), 0.0), MOST_AHEAD_S + PATIENCE_S))
        await asyncio.to_thread(self._hand_over, last)

    async def _tell(self, last: int, why: str) -> None:
        try:
            await asyncio.to_thread(self._want, "studio_over", last_sample=last, why=why)
        except SQLAlchemyError as error:  # the air process has gone back by itself
            log.warning("the engine cannot be told", takeover=self.name, error=str(error))

    def _close(self) -> None:
        if self._chain is not None:
            self._chain.close()
        for form in self._forms:
            form.file.close()
        if self._recording is not None:
            self._recording.close()
            if self._recording.stopped is not None:
                log.warning("a recording is not complete", takeover=self.name, why=self._recording.stopped)

    def _hand_over(self, last: int) -> None:
        assert self.zero_sample is not None
        place = self.place or OnAir(0, 0)
        note = Note(
            self.name,
            self.permit.airing_id,
            self.permit.title,
            self.permit.person_id,
            self.zero_sample,
            "",
            {},
        )
        try:
            hand_over(self.database, self.settings, note, (place.start, min(place.end, last)), utcnow())
        except (SQLAlchemyError, OSError, AudioError) as error:  # its note is found again by the next sweep
            log.warning("a recording could not be handed over", takeover=self.name, error=str(error))


def want(
    session: Session, airing: Airing, kind: str, name: str, person_id: int, now: datetime, **details: Any
) -> int:
    """Ask the engine for a takeover, or tell it that one is over. Raises Conflict where the airing is."""
    details = {"takeover": name, **details}
    return id_of(service.want(session, airing, kind, person_id=person_id, now=now, details=details))


def position_of(at: datetime, starts_at: datetime) -> int:
    """As `position`, of an airing whose row is not at hand."""
    return (at.astimezone(UTC) - starts_at) * RATE // timedelta(seconds=1)
