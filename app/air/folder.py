"""The folder of armed airings, watched by a thread that may wait for a disk: what is new in it is taken on, opened and read.

What was taken on stays until its file is gone. A newer file that cannot be taken on changes nothing: the airing goes on
as it was armed before. What cannot be taken on at all is refused and tried again, and when it is about to open it is taken
on with whatever there is of it: something is always sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from app.air.armed import CHAIN, Armed, ArmedFile, BadArmedFile, Level, Sound, read_armed
from app.air.booked import Booked
from app.air.clock import SECOND_NS, to_ns
from app.air.growing import GrowingTrack
from app.air.recorder import Recorder
from app.air.timeline import Booking
from app.air.tracks import NotThere, Playable, Track, Tracks
from app.processes import is_news
from audio.errors import AudioError

log = structlog.get_logger()

RECORDS_PER_AIRING = 64
RECORDS_PER_OUTPUT_MINUTE = 8
"""Journal records set aside: an endpoint that is lost and found again every twenty seconds, all the time."""

SETTLE = timedelta(seconds=0.5)
"""After an airing its outputs put their last words on the record; then it is said to have ended."""

AGAIN = timedelta(seconds=10)
"""What was refused is tried again after as long as this."""

TURN_S = 0.2
"""So long one turn takes things on; a process that was killed is in a hurry."""

LAST_CALL = timedelta(seconds=5)
"""So long before its outputs open, an airing is taken on as it is."""

TracksOf = dict[str, dict[Level, Playable]]
"""By recipe, what there is of the chain."""


@dataclass(frozen=True, slots=True)
class Airborne:
    """An airing that is taken on: everything that it needs is open."""

    armed: Armed
    tracks: TracksOf
    lacking: tuple[str, ...] = ()
    """What could not be had of its chains, and why."""

    def booked(self) -> list[Booked]:
        """Its outputs, each with what it plays."""
        found = []
        for output in self.armed.outputs:
            sound, tracks = self.armed.sound(output.recipe), self.tracks[output.recipe]
            signal = tracks["interval_signal"]
            lengths: dict[Level, int] = {level: track.count for level, track in tracks.items()}
            booking = Booking(self.armed, output, sound, signal.frame_samples, signal.sample_rate, lengths)
            found.append(Booked(booking, tracks))
        return found

    def all_tracks(self) -> list[Playable]:
        return [track for tracks in self.tracks.values() for track in tracks.values()]


@dataclass
class Folder:
    """What is armed, taken on. `turn` is for one thread; what it gives is for the loop."""

    path: Path
    recorder: Recorder
    tracks: Tracks
    _airborne: dict[int, Airborne] = field(default_factory=dict)
    _known: dict[str, tuple[int, Armed | None]] = field(default_factory=dict)
    _refused: dict[str, datetime] = field(default_factory=dict)
    """When it was tried last, by the name of what was armed."""
    _started: set[int] = field(default_factory=set)
    _ended: set[int] = field(default_factory=set)
    _let_go: list[Playable] = field(default_factory=list)

    def turn(self, now: datetime) -> dict[int, Airborne]:
        """Look at the folder and at the time. Gives every airing that is taken on, by its id."""
        # A turn later than they were let go of: by now no output has them any more
        self.tracks.give_back(self._let_go)
        self._let_go = []
        present = self._read()
        if present is not None:
            # What is on the air comes first, and what takes long does not keep it: the rest has its turn in a moment
            until = time.monotonic() + TURN_S
            for armed in sorted(present.values(), key=lambda one: one.starts_at):
                self._look_at(armed, now)
                if time.monotonic() > until:
                    break
        for airborne in self._airborne.values():
            self._follow(airborne.armed, now)
        if present is not None:
            for airing_id in [one for one in self._airborne if one not in present]:
                # The engine disarms at the very instant at which an airing ends: its last words are waited for
                if not _is_settling(self._airborne[airing_id].armed, now):
                    self._let_go += self._airborne.pop(airing_id).all_tracks()
        return dict(self._airborne)

    def _read(self) -> dict[int, Armed] | None:
        """The newest readable file of each airing; None where the folder cannot be read: then nothing has changed.

        An airing whose newest file cannot be read keeps its place by what it was taken on with.
        """
        present: dict[int, Armed] = {}
        try:
            # Not Path.glob: to that a folder that cannot be read is an empty one, and everything would be taken off
            names = {one.name for one in self.path.iterdir() if one.match("*-*.json")}
        except OSError as error:
            if is_news("armed folder"):
                log.warning("the folder of armed airings cannot be read", error=str(error))
            return None
        self._known = {name: one for name, one in self._known.items() if name in names}
        for name in sorted(names):
            armed = self._parsed(self.path / name)
            airing = name.partition("-")[0]
            if armed is None and airing.isdecimal() and int(airing) in self._airborne:
                present.setdefault(int(airing), self._airborne[int(airing)].armed)
            elif armed is not None and (
                armed.airing_id not in present or present[armed.airing_id].serial < armed.serial
            ):
                present[armed.airing_id] = armed
        return present

    def _parsed(self, path: Path) -> Armed | None:
        try:
            changed = path.stat().st_mtime_ns
            known = self._known.get(path.name)
            if known is None or known[0] != changed:
                known = self._known[path.name] = (changed, _read_one(path))
        except FileNotFoundError:  # disarmed between the listing and the reading
            return None
        except OSError as error:
            if is_news(f"armed {path.name}"):
                log.warning("an armed file cannot be read", file=path.name, error=str(error))
            return None
        return known[1]

    def _look_at(self, armed: Armed, now: datetime) -> None:
        before = self._airborne.get(armed.airing_id)
        if before is not None and before.armed.serial >= armed.serial:
            return
        is_last_call = before is None and _is_last_call(armed, now)
        tried = self._refused.get(armed.name)
        if tried is not None and abs(now - tried) < (AGAIN / 10 if is_last_call else AGAIN):
            return
        if not self._has_room(armed) and not is_last_call:
            return
        try:
            taken = self._take(armed, now, whatever_there_is=is_last_call)
        except NotThere as error:
            self._refuse(armed, now, str(error))
            return
        except Exception:
            if is_news(f"take {armed.name}"):
                log.exception("an airing could not be taken on", airing=armed.airing_id)
            self._refuse(armed, now, "a fault of our own")
            return
        self._airborne[armed.airing_id] = taken
        if before is not None:
            self._let_go += before.all_tracks()
        for what in taken.lacking:
            self.recorder.tell("lacking", armed.airing_id, armed.version, now, what)
        self.recorder.tell("accepted", armed.airing_id, armed.version, now, str(armed.serial))

    def _refuse(self, armed: Armed, now: datetime, why: str) -> None:
        """Said once, tried again and again."""
        if armed.name not in self._refused:
            log.warning("not taken on", airing=armed.airing_id, serial=armed.serial, why=why)
            self.recorder.tell("refused", armed.airing_id, armed.version, now, f"{armed.serial}: {why}")
        self._refused[armed.name] = now

    def _has_room(self, armed: Armed) -> bool:
        """Whether the journal has room for it. On the air nothing depends on that: records wait for a full disk."""
        try:
            self.recorder.reserve(self._records(armed))
        except OSError as error:
            if is_news("no room"):
                log.warning("no room for the journal", airing=armed.airing_id, error=str(error))
            return False
        return True

    def _records(self, armed: Armed) -> int:
        """Room for this one and for everything that is taken on already: the reserve lies behind the last record."""
        wanted = 0
        for one in (armed, *(each.armed for each in self._airborne.values())):
            minutes = (one.stops_at - one.starts_at) / timedelta(minutes=1)
            wanted += RECORDS_PER_AIRING + round(
                len(one.outputs) * (RECORDS_PER_AIRING + minutes * RECORDS_PER_OUTPUT_MINUTE)
            )
        return wanted

    def _take(self, armed: Armed, now: datetime, *, whatever_there_is: bool) -> Airborne:
        """Open and read everything that it names. Raises NotThere."""
        for file in armed.files:
            if not _is_there(file):
                raise NotThere("its audio is not there")
        taken: TracksOf = {}
        lacking: list[str] = []
        try:
            for sound in armed.sounds:
                taken[sound.recipe], missing = self._tracks(
                    sound, armed, now, whatever_there_is=whatever_there_is
                )
                lacking += missing
        except BaseException:
            self.tracks.give_back([track for one in taken.values() for track in one.values()])
            raise
        return Airborne(armed, taken, tuple(lacking))

    def _tracks(
        self, sound: Sound, armed: Armed, now: datetime, *, whatever_there_is: bool
    ) -> tuple[dict[Level, Playable], list[str]]:
        """What there is of one sound's chain, and what there is not: a stand-in that cannot be had, in the end anything."""
        files: Mapping[Level, ArmedFile | None] = {"programme": sound.programme, **sound.stand_ins}
        found: dict[Level, Playable] = {}
        lacking: list[str] = []
        try:
            for level in reversed(CHAIN):
                if (file := files.get(level)) is None:
                    continue
                try:
                    found[level] = self._opened(level, file, sound, armed, now)
                except NotThere as error:
                    if level in {"programme", "interval_signal"} and not whatever_there_is:
                        raise
                    log.warning("not there", airing=armed.airing_id, level=level, why=str(error))
                    lacking.append(f"{level}: {error}")
            if "interval_signal" not in found:
                found["interval_signal"] = self._instead(found, sound, armed, now)
            try:
                found |= self._studio(sound, armed)
            except NotThere as error:
                log.warning("not there", airing=armed.airing_id, level="studio", why=str(error))
                lacking.append(f"studio: {error}")
        except BaseException:
            self.tracks.give_back(found.values())
            raise
        return found, lacking

    def _studio(self, sound: Sound, armed: Armed) -> dict[Level, Playable]:
        """What a studio sends, where one has taken over. Raises NotThere: the programme goes on then."""
        path = armed.studio.files.get(sound.recipe) if armed.studio is not None else None
        if path is None:
            return {}
        key = (str(path), sound.encoding.key)
        return {"studio": self.tracks.share(key, lambda: GrowingTrack(path, sound.encoding))}

    def _instead(self, found: Mapping[Level, Playable], sound: Sound, armed: Armed, now: datetime) -> Track:
        """What is in memory in place of the interval signal, which is not there. Raises NotThere."""
        for level in reversed(CHAIN):
            file = sound.programme if level == "programme" else sound.stand_ins.get(level)
            if level in found and file is not None:
                return self._opened("interval_signal", file, sound, armed, now)
        raise NotThere("nothing of its chain is there")

    def _opened(self, level: Level, file: ArmedFile, sound: Sound, armed: Armed, now: datetime) -> Track:
        track = self.tracks.take(file, sound.encoding)
        try:
            if level == "interval_signal":
                track.load_all()
            elif level != "programme":
                track.load(0, pin=True)
            else:
                behind = to_ns(now) - to_ns(armed.starts_at)
                frame = behind * track.sample_rate // (track.frame_samples * SECOND_NS)
                track.load(min(max(frame, 0), track.count - 1))
        except (OSError, ValueError, AudioError) as error:
            self.tracks.give_back([track])
            raise NotThere(f"{file.sha256[:12]} cannot be read: {error}") from error
        except BaseException:
            self.tracks.give_back([track])
            raise
        return track

    def _follow(self, armed: Armed, now: datetime) -> None:
        airing_id = armed.airing_id
        if armed.starts_at <= now < armed.stops_at and airing_id not in self._started:
            self._started.add(airing_id)
            self.recorder.tell("started", airing_id, armed.version, now)
        if _over_at(armed) <= now and airing_id not in self._ended:
            self._ended.add(airing_id)
            self.recorder.tell("ended", airing_id, armed.version, now)


def _over_at(armed: Armed) -> datetime:
    return armed.stops_at + SETTLE if armed.outputs else armed.stops_at


def _is_settling(armed: Armed, now: datetime) -> bool:
    return armed.stops_at <= now < _over_at(armed)


def _is_last_call(armed: Armed, now: datetime) -> bool:
    """Whether it is on the air, or about to be."""
    if not armed.outputs:
        return False
    preroll_s = max(one.preroll_s for one in armed.outputs)
    return armed.starts_at - timedelta(seconds=preroll_s) - LAST_CALL <= now < armed.stops_at


def _read_one(path: Path) -> Armed | None:
    try:
        return read_armed(path)
    except BadArmedFile as error:
        log.warning("armed file refused", file=path.name, why=str(error))
        return None


def _is_there(file: ArmedFile) -> bool:
    try:
        return file.path.stat().st_size == file.bytes
    except OSError:
        return False
