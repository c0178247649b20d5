"""The drop folder's keeper: a turn looks at the folder, takes what is complete, and sets aside what cannot be taken.

It runs beside the engine's own turns, in a thread: copying two gigabytes must not hold up a programme. Whatever stops it
in between, the note that a file became a segment is written with the segment, so no file is taken twice.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, cast

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.bringing.dropping.awaiting import Meant, awaited_names, meant_by, next_date
from app.bringing.dropping.looking import REFUSED, TAKEN, Dropped, Settling, is_as_seen, open_to_read
from app.bringing.dropping.setting_aside import put_away, put_away_with_reason
from app.bringing.recordings import Recording, stored_path
from app.bringing.taking import begun_segment, copy, remember
from app.bringing.words import kind_within
from app.database import id_of, reading, writing
from app.errors import DanpaError, DiskReserve, Invalid
from app.events.service import emit
from app.jobs.service import unfinished
from app.journal.service import record
from app.library import service
from app.library.description import from_form
from app.library.models import ImportedFile, Segment, SegmentKind, SegmentState
from app.library.names import decoded, display_name, title_of
from app.library.receive import Received
from app.people.service import find_person
from app.processes import is_news
from app.settings import Settings
from app.storage import require_space
from app.web.problems import problem_of
from audio.errors import AudioError
from audio.sniff import refuse_hopeless
from schedules.time import to_kst

log = structlog.get_logger()

MOST_WAITING = 20
"""While so many recordings wait for their ingest, only awaited ones are taken: 10,000 old files must not stand before tonight's."""
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""After each failure to read or move a file; after the last one it is set aside."""


class Stopped(Exception):
    """The engine ends."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    file: Dropped
    failures: int
    not_before: datetime


class DropFolder:
    """One station's drop folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.drop_folder
        self._settling = Settling(settings.drop_folder_settle_s)
        self._trouble: dict[str, _Trouble] = {}
        self._ingesting: dict[int, Path] | None = None
        """Where the files of segments lie whose ingest has not ended; None until the first look after a start."""
        self._meant: dict[str, Meant | None] = {}
        self._meant_of: tuple[set[str], date] | None = None
        """For which awaited names, and on which day, file names were understood as they are remembered."""
        self.stopping = threading.Event()

    @property
    def is_set(self) -> bool:
        return self._folder is not None

    def turn(self, database: Engine, now: datetime) -> None:
        """Look once, and take what is complete. What is wrong with a file is told beside it and stops no other."""
        if self._folder is None:
            return
        try:
            files = self._settling.settled(self._folder, now)
        except OSError as error:
            if is_news("drop folder"):
                log.warning("the drop folder cannot be read", error=error.strerror)
            return
        if self._ingesting is None:
            self._ingesting = self._found_ingesting(database, self._folder)
        self._follow_up(database, self._ingesting)
        self._trouble = {name: one for name, one in self._trouble.items() if one.file in files}
        due = [file for file in files if self._is_due(file, now)]
        if not due:
            return
        with reading(database) as session:
            person = find_person(session, self._settings.drop_folder_person)
            names = awaited_names(session)
        if person is None:
            if is_news("drop folder person"):
                log.warning("nobody has the name in DANPA_DROP_FOLDER_PERSON: nothing is taken")
            return
        meant = self._understood(due, names, to_kst(now).date())
        # What tonight waits for goes first
        for file in sorted(due, key=lambda file: meant[file.path] is None):
            if self.stopping.is_set() or not self._has_room(database, file, meant[file.path]):
                return
            self._try(database, file, meant[file.path], id_of(person), now)

    def _understood(self, files: list[Dropped], names: set[str], today: date) -> dict[Path, Meant | None]:
        """What each file's name says. It is read once, not at every sweep: there may be 10,000 that wait."""
        if self._meant_of != (names, today):
            self._meant, self._meant_of = {}, (names, today)
        known = self._meant
        self._meant = {
            file.path.name: known[file.path.name]
            if file.path.name in known
            else meant_by(_stem(file), names, today)
            for file in files
        }
        return {file.path: self._meant[file.path.name] for file in files}

    def _has_room(self, database: Engine, file: Dropped, meant: Meant | None) -> bool:
        """Whether the next file may be taken now; the files after it wait as well."""
        try:
            require_space(self._settings, file.bytes)
        except DiskReserve:
            if is_news("drop folder space"):
                log.warning("the disk's reserve is touched: the drop folder waits")
            return False
        if meant is not None:
            return True
        with reading(database) as session:
            return unfinished(session, ("ingest",)) < MOST_WAITING

    def _is_due(self, file: Dropped, now: datetime) -> bool:
        trouble = self._trouble.get(file.path.name)
        return trouble is None or trouble.file != file or trouble.not_before <= now

    def _try(
        self, database: Engine, file: Dropped, meant: Meant | None, person_id: int, now: datetime
    ) -> None:
        try:
            self._take(database, file, meant, person_id, now)
        except (Stopped, FileNotFoundError):  # whoever dropped it has taken it back
            return
        except DiskReserve:
            return
        except (AudioError, DanpaError) as error:
            self._refuse(database, file, problem_of(error), now)
        except OSError as error:
            self._fail(database, file, error, now)

    def _fail(self, database: Engine, file: Dropped, error: OSError, now: datetime) -> None:
        """Try again later, and after some times no more."""
        before = self._trouble.get(file.path.name)
        failures = before.failures + 1 if before is not None and before.file == file else 1
        if is_news(f"drop {stored_path(file.path)}"):
            log.warning("a dropped file cannot be taken", error=error.strerror, failures=failures)
        given_up = failures > len(PAUSES)
        pause = timedelta(days=3650) if given_up else PAUSES[failures - 1]
        self._trouble[file.path.name] = _Trouble(file, failures, now + pause)
        if given_up:
            detail = f"it could not be read or moved {failures} times: {error.strerror}"
            self._refuse(database, file, {"type": "urn:danpa:problem:unreadable", "detail": detail}, now)

    def _take(
        self, database: Engine, file: Dropped, meant: Meant | None, person_id: int, now: datetime
    ) -> None:
        descriptor = open_to_read(file)
        if descriptor is None:
            return
        with os.fdopen(descriptor, "rb") as stream:
            recording = Recording(
                file.path.name, stored_path(file.path), file.bytes, file.modified_ns, file.path
            )
            with reading(database) as session:
                begun = begun_segment(session, recording)
            if begun is None:
                refuse_hopeless(file.path)
                begun = self._accept(database, recording, stream, meant, person_id, now)
                if begun is None:
                    return
        aside = put_away(file.path, TAKEN, same=(file.bytes, file.modified_ns))
        if self._ingesting is not None:
            self._ingesting[begun] = aside

    def _accept(
        self,
        database: Engine,
        recording: Recording,
        stream: IO[bytes],
        meant: Meant | None,
        person_id: int,
        now: datetime,
    ) -> int | None:
        """A draft of the file, by the same way as an upload; its segment, or None where the file changed under our hands."""
        kept = False  # from then on it is the ingest's
        incoming = self._settings.incoming_dir / f"drop-{secrets.token_hex(16)}.part"
        try:
            sha256, size = copy(
                self._settings, _Stoppable.of(stream, self.stopping), incoming, recording.bytes
            )
            if not is_as_seen(
                stream.fileno(), Dropped(cast("Path", recording.handle), size, recording.stamp)
            ):
                return None
            name = display_name(decoded(os.fsencode(recording.name)))
            with writing(database) as session:
                on = None if meant is None else meant.on or next_date(session, meant.name, now)
                if (same := self._same(session, recording, sha256, on, to_kst(now).date())) is not None:
                    remember(session, recording, same)
                    return same
                description = from_form(_fields(name, meant, on), name)
                received = Received(incoming, name, sha256, size, {})
                segment = service.accept_upload(session, received, description, person_id=person_id, now=now)
                segment_id = id_of(segment)
                remember(session, recording, segment_id)
                told = {"awaited_on": on.isoformat()} if on else {}
                record(
                    session, "drop_folder.taken", at=now, person_id=person_id, subject_id=segment_id, **told
                )
                emit(session, "drop_folder", segment_id, TAKEN, at=now)
            kept = True
            return segment_id
        finally:
            if not kept:
                incoming.unlink(missing_ok=True)

    @staticmethod
    def _same(
        session: Session, recording: Recording, sha256: str, on: date | None, today: date
    ) -> int | None:
        """The segment that the same file became before: a synchroniser brings back what we have moved away.

        Raises:
            Invalid: it would be delivered a second time, for another broadcast date.
        """
        before = session.exec(
            select(Segment)
            .join(ImportedFile, col(ImportedFile.segment_id) == col(Segment.id))
            .where(ImportedFile.path == recording.key, Segment.original_sha256 == sha256)
        ).first()
        if before is None or before.state == SegmentState.rejected:
            return None
        if (
            on is None
            or before.awaited_on is None
            or before.awaited_on in {on, today}
            or before.awaited_on > today
        ):
            return before.id
        raise Invalid(
            f"it is the very recording that was delivered for {before.awaited_on}: send the new one"
        )

    def _refuse(self, database: Engine, file: Dropped, problem: Mapping[str, object], now: datetime) -> None:
        """Set a file aside with the reason in words."""
        try:
            put_away_with_reason(file.path, problem)
        except OSError as error:
            if is_news("drop folder refuses"):
                log.warning("a refused file cannot be moved", error=error.strerror)
            self._trouble[file.path.name] = _Trouble(file, len(PAUSES) + 1, now + timedelta(days=3650))
        with writing(database) as session:
            kind = str(problem.get("type"))
            record(session, "drop_folder.refused", at=now, person_id=None, problem=kind)
            emit(session, "drop_folder", 0, REFUSED, at=now)

    @staticmethod
    def _found_ingesting(database: Engine, folder: Path) -> dict[int, Path]:
        """After a restart: files among those taken whose ingest has not ended, or has ended badly since (what a person rejects has its master)."""
        states = [SegmentState.processing, SegmentState.rejected]
        query = (
            select(ImportedFile)
            .join(Segment, col(Segment.id) == col(ImportedFile.segment_id))
            .where(col(Segment.state).in_(states), col(Segment.master_sha256).is_(None))
        )
        with reading(database) as session:
            rows = {row.path: row for row in session.exec(query)}
        found: dict[int, Path] = {}
        for path in (folder / TAKEN).iterdir() if rows and (folder / TAKEN).is_dir() else ():
            row = rows.get(stored_path(folder / path.name))
            if row is not None and is_as_seen(path, Dropped(path, row.bytes, row.modified_ns)):
                found[row.segment_id] = path
        return found

    @staticmethod
    def _follow_up(database: Engine, ingesting: dict[int, Path]) -> None:
        """What the ingest rejected goes from the one folder to the other, with its reason."""
        if not ingesting:
            return
        with reading(database) as session:
            query = select(Segment.id, Segment.state, Segment.problem).where(
                col(Segment.id).in_(list(ingesting)), Segment.state != SegmentState.processing
            )
            ended = session.exec(query).all()
        for segment_id, state, problem in ended:
            path = ingesting.pop(segment_id or 0)
            if state == SegmentState.rejected:
                try:
                    put_away_with_reason(path, problem or {}, folder=path.parent.parent / REFUSED)
                except OSError as error:
                    log.warning("a rejected file cannot be moved", error=error.strerror, segment=segment_id)


def _fields(name: str, meant: Meant | None, on: date | None) -> dict[str, list[str]]:
    """The upload form's fields for a dropped file."""
    found = kind_within(title_of(name))
    kind = found[0] if found else SegmentKind.news if meant is not None else SegmentKind.talk
    fields = {"kind": [str(kind)]}
    if meant is not None and on is not None:
        fields |= {
            "title": [f"{meant.name} {on}"],
            "awaited_as": [meant.name],
            "awaited_on": [on.isoformat()],
        }
    return fields


def _stem(file: Dropped) -> str:
    return title_of(display_name(decoded(os.fsencode(file.path.name))))


class _Stoppable:
    """A file that is read until somebody wants us to stop."""

    def __init__(self, stream: IO[bytes], stopping: threading.Event) -> None:
        self._stream, self._stopping = stream, stopping

    @classmethod
    def of(cls, stream: IO[bytes], stopping: threading.Event) -> IO[bytes]:
        return cast("IO[bytes]", cls(stream, stopping))

    def read(self, size: int) -> bytes:
        if self._stopping.is_set():
            raise Stopped
        return self._stream.read(size)
