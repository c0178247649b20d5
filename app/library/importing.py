"""``danpa import FOLDER``: a folder of recordings becomes segments, without the service.

Each file is copied into the incoming folder and ingested here, several at a time. What was finished is remembered by path,
size and time of change, so a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine
from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from app.database import reading, writing
from app.errors import DanpaError, Invalid, TooLarge
from app.library import service
from app.library.description import Description, title_from
from app.library.ingest import run_ingest
from app.library.models import ImportedFile, Segment, SegmentKind, SegmentState
from app.library.names import clean_tags, decoded, display_name
from app.library.service import Original
from app.locks import Lock
from app.processes import Clock, utcnow
from app.settings import Settings
from app.storage import CHUNK, require_space

log = structlog.get_logger("danpa.import")

NOT_AUDIO = frozenset(
    """
    .bmp .cfg .csv .cue .db .doc .docx .gif .htm .html .hwp .hwpx .ini .jpeg .jpg .json .lnk .log .m3u .m3u8 .md .nfo
    .odt .pdf .pls .png .ppt .pptx .rar .rtf .sfv .srt .tif .tiff .txt .url .webp .xls .xlsx .xml .yaml .yml .zip
    """.split()  # noqa: SIM905 - a list literal would take forty lines
)
"""What lies beside recordings in a producer's folder; every other file is tried, whatever its name."""


class Outcome(StrEnum):
    imported = "imported"
    known = "known"
    rejected = "rejected"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who imports says of every file; ``approve`` lets it on the air in that person's name."""

    person_id: int
    kind: SegmentKind = SegmentKind.talk
    tags: tuple[str, ...] = ()
    approve: bool = False


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file; ``reason`` says why it was not taken."""

    name: str
    outcome: Outcome
    segment_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a folder to try, in order, and how many others were passed over."""

    files: tuple[Path, ...]
    skipped: int


def find_recordings(folder: Path) -> Found:
    """Walk a folder: hidden files and folders, links, and what is plainly not audio are passed over."""
    files: list[Path] = []
    skipped = 0
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(directory, name)
            if (
                name.startswith(".")
                or path.suffix.lower() in NOT_AUDIO
                or path.is_symlink()
                or not path.is_file()
            ):
                skipped += 1
            else:
                files.append(path)
    return Found(tuple(files), skipped)


def import_files(
    engine: Engine,
    settings: Settings,
    files: tuple[Path, ...],
    wishes: Wishes,
    *,
    threads: int,
    clock: Clock = utcnow,
) -> Iterator[FileResult]:
    """Import files, several at a time (the work is ffmpeg's), and say of each how it went, in order of completion."""
    with ThreadPoolExecutor(threads, thread_name_prefix="import") as pool:
        tasks = [pool.submit(import_file, engine, settings, path, wishes, clock=clock) for path in files]
        try:
            for task in as_completed(tasks):
                yield task.result()
        finally:
            pool.shutdown(cancel_futures=True)


def import_file(
    engine: Engine, settings: Settings, path: Path, wishes: Wishes, *, clock: Clock = utcnow
) -> FileResult:
    """Import one file. What is wrong with it is told in the result and stops nothing."""
    name = stored_path(path)
    try:
        stat = path.stat()
        with reading(engine) as session:
            known = _known(session.exec(_by_path(name)).first(), stat)
            segment = None if known is None else service.get(session, known.segment_id)
        if segment is not None and segment.state != SegmentState.processing:
            return _told(name, segment, Outcome.known)
        incoming = settings.incoming_dir / f"import-{hashlib.sha256(name.encode()).hexdigest()[:32]}.part"
        sha256, size = _copy(settings, path, incoming)
        if segment is None:
            original = Original(display_name(decoded(os.fsencode(path.name))), sha256, size)
            segment = _create(engine, name, stat, original, wishes, clock)
        approve_by = wishes.person_id if wishes.approve else None
        payload = {"segment_id": segment.id, "file": incoming.name, "approve_by": approve_by}
        run_ingest(engine, settings, payload, clock=clock)
    except (OSError, DanpaError) as error:
        return FileResult(name, Outcome.failed, reason=str(error))
    except Exception:
        log.exception("a file could not be imported")
        return FileResult(name, Outcome.failed, reason="something went wrong inside Danpa; the log says more")
    with reading(engine) as session:
        assert segment.id is not None
        return _told(name, service.get(session, segment.id), Outcome.imported)


def stored_path(path: Path) -> str:
    """A path as the database and the terminal can hold it; bytes that are no UTF-8 are written in hexadecimal."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def run_import(
    engine: Engine,
    settings: Settings,
    folder: Path,
    wishes: Wishes,
    *,
    console: Console,
    threads: int | None = None,
) -> int:
    """The command: a progress bar, then a summary. Returns the exit status: 0 when every file is in the library.

    Raises:
        Invalid: it is no folder, or another import is running.
    """
    if not folder.is_dir():
        raise Invalid(f"{stored_path(folder)} is not a folder")
    lock = Lock(settings.run_dir / "import.lock")
    if not lock.acquire():
        raise Invalid("another import is running: wait for it")
    try:
        found = find_recordings(folder)
        results = _with_progress(
            import_files(engine, settings, found.files, wishes, threads=threads or os.cpu_count() or 1),
            len(found.files),
            console,
        )
    finally:
        lock.release()
    return _summarise(results, found.skipped, console)


def _copy(settings: Settings, source: Path, incoming: Path) -> tuple[str, int]:
    """Copy a producer's file (it is never moved); returns its SHA-256 and size."""
    expected = source.stat().st_size
    if expected == 0:
        raise Invalid("the file is empty: the recorder saved nothing")
    if expected > settings.upload_limit_bytes:
        raise TooLarge(f"the file is larger than the {settings.upload_limit_bytes >> 20} MiB that are taken")
    require_space(settings, expected)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target, source.open("rb") as stream:
            while block := stream.read(CHUNK):
                digest.update(block)
                size += target.write(block)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        incoming.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size


def _create(
    engine: Engine, name: str, stat: os.stat_result, original: Original, wishes: Wishes, clock: Clock
) -> Segment:
    """The segment and the note that this file is it, in one transaction: an interrupted run finds it again."""
    description = Description(
        title=title_from("", original.name), kind=wishes.kind, tags=tuple(clean_tags(wishes.tags))
    )
    with writing(engine) as session:
        segment = service.create(
            session, description, original, "segment.imported", person_id=wishes.person_id, now=clock()
        )
        assert segment.id is not None
        row = session.exec(_by_path(name)).first() or ImportedFile(
            path=name, bytes=0, modified_ns=0, segment_id=0
        )
        row.bytes, row.modified_ns, row.segment_id = stat.st_size, stat.st_mtime_ns, segment.id
        session.add(row)
    return segment


def _by_path(name: str) -> SelectOfScalar[ImportedFile]:
    return select(ImportedFile).where(ImportedFile.path == name)


def _known(row: ImportedFile | None, stat: os.stat_result) -> ImportedFile | None:
    same = row is not None and (row.bytes, row.modified_ns) == (stat.st_size, stat.st_mtime_ns)
    return row if same else None


def _told(name: str, segment: Segment, otherwise: Outcome) -> FileResult:
    if segment.state == SegmentState.rejected:
        return FileResult(name, Outcome.rejected, segment.id, (segment.problem or {}).get("detail", ""))
    return FileResult(name, otherwise, segment.id)


def _with_progress(results: Iterator[FileResult], total: int, console: Console) -> list[FileResult]:
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)
        finished = []
        for result in results:
            finished.append(result)
            progress.advance(task)
    return finished


def _summarise(results: list[FileResult], skipped: int, console: Console) -> int:
    counts = Counter(result.outcome for result in results)
    console.print(
        f"{counts[Outcome.imported]} imported, {counts[Outcome.known]} already in the library, "
        f"{counts[Outcome.rejected]} rejected, {counts[Outcome.failed]} failed, {skipped} passed over (not audio)"
    )
    refused = sorted((result for result in results if result.reason), key=lambda result: result.name)
    for result in refused:
        console.print(f"  {result.outcome}: {escape(result.name)}: {escape(result.reason)}", soft_wrap=True)
    return 1 if refused else 0
