"""An import at a terminal: the plan is shown, confirmed and carried out, with a bar, and told about at the end."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine

from app.bringing.archives import open_archive
from app.bringing.interrupting import INTERRUPTED, interruption
from app.bringing.listing import Listing, read_listing
from app.bringing.planning import Plan, Planned, Wishes, cells_of, listed_fields, plan_import
from app.bringing.recordings import Folder, Source, stored_path, walk
from app.bringing.tables import LARGEST_BYTES, read_table, write_table
from app.bringing.taking import Outcome, Taken, take
from app.bringing.words import GUESSED_FROM
from app.errors import Invalid
from app.locks import Lock
from app.processes import Clock, utcnow
from app.settings import Settings
from audio.ffmpeg import find_ffmpeg

SHOWN_ROWS = 200
"""So many files of a plan are shown; `--write-csv` has all of them."""
NAMED = 20
"""So many files without a line, or otherwise left out, are named; the report names all."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an import is run. ``ask`` puts the question at a terminal; without one ``yes`` must have been said."""

    dry_run: bool = False
    yes: bool = False
    ask: Callable[[str], bool] | None = None
    write_csv: Path | None = None
    report: Path | None = None
    threads: int | None = None
    clock: Clock = utcnow


def run_import(
    engine: Engine,
    settings: Settings,
    path: Path,
    wishes: Wishes,
    manner: Manner,
    *,
    console: Console,
    listing: Path | None = None,
) -> int:
    """Bring a folder or a ZIP file. Returns the exit status: 0 when every file is in the library.

    Raises:
        Invalid: it is neither, the list is wrong (nothing was written then), nobody said yes, or another import is running.
    """
    threads = manner.threads or os.cpu_count() or 1
    require_new(manner.write_csv)
    with _opened(path, settings) as source:
        _tell_passed_over(source, console)
        listed = None if listing is None else read_listing(read_table(_content(listing)))
        plan = _plan(engine, settings, source, wishes, listed, threads, console)
        if plan.problems:
            for problem in plan.problems:
                console.print(escape(problem), soft_wrap=True, highlight=False)
            raise Invalid(f"the list is wrong in {len(plan.problems)} places; nothing was imported")
        if manner.write_csv is not None:
            write_plan(plan.files, manner.write_csv)
            console.print(
                f"{len(plan.files)} lines are in {manner.write_csv}", soft_wrap=True, highlight=False
            )
        show(plan, console, in_full=manner.dry_run)
        _name("without a line in the list, left out", plan.unlisted, console)
        if manner.dry_run or manner.write_csv is not None:
            console.print("Nothing was imported.")
            return 0
        if plan.files:
            confirm(manner, f"Import {len(plan.files)} files?")
        return carry_out(engine, settings, source, plan, wishes, manner, threads=threads, console=console)


def confirm(manner: Manner, question: str) -> None:
    """Raises Invalid where nobody says yes."""
    if manner.yes:
        return
    if manner.ask is None:
        raise Invalid("nobody is here to ask: say --yes to import, or --dry-run to see what would be")
    if not manner.ask(question):
        raise Invalid("nothing was imported")


def carry_out(
    engine: Engine,
    settings: Settings,
    source: Source,
    plan: Plan,
    wishes: Wishes,
    manner: Manner,
    *,
    threads: int,
    console: Console,
) -> int:
    """Take the planned files in, and tell how it went. Returns the exit status. Raises Invalid where another import is running."""

    def take_one(one: Planned) -> Taken:
        return take(
            engine,
            settings,
            source,
            one.intent,
            person_id=wishes.person_id,
            approve=wishes.approve,
            clock=manner.clock,
        )

    lock = Lock(settings.run_dir / "import.lock")
    if not lock.acquire():
        raise Invalid("another import is running: wait for it")
    try:
        work = _carried_out(plan.files, threads, take_one, console)
    finally:
        lock.release()
    refused = [Taken(name, Outcome.failed, reason=reason) for name, reason in source.refused]
    results = [*work.results, *refused]
    _summarise(results, plan, source.skipped, work.seconds, console)
    left = _left(plan.files, work.results)
    _name("not reached: start the same import again", left, console)
    if manner.report is not None:
        write_report(results, (*plan.unlisted, *left), manner.report)
    if work.interrupted:
        return INTERRUPTED
    return 1 if left or any(result.reason for result in results) else 0


def show(plan: Plan, console: Console, *, in_full: bool) -> None:
    """The plan as a table (the first files of it, or only its counts)."""
    kinds = Counter(str(one.intent.description.kind) for one in plan.files)
    if in_full or len(plan.files) <= NAMED:
        console.print(_table(plan.files[:SHOWN_ROWS]))
        if len(plan.files) > SHOWN_ROWS:
            console.print(f"... and {len(plan.files) - SHOWN_ROWS} more: --write-csv FILE has all of them")
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    console.print(
        f"{len(plan.files)} to import{f' ({counts})' if counts else ''}, {plan.known} taken before",
        highlight=False,
    )


def require_new(path: Path | None) -> None:
    """Raises Invalid where a list is there already: somebody may have corrected it for an hour."""
    if path is not None and path.exists():
        raise Invalid(f"{path} is there already: give it to --csv, or name another file to --write-csv")


def write_plan(files: Sequence[Planned], path: Path) -> None:
    """The plan as a list that can be corrected and given back."""
    columns = listed_fields()
    rows = ([*cells_of(one, columns), _origins(one)] for one in files)
    write_table(path, [[*columns, GUESSED_FROM], *rows])


def write_report(results: Sequence[Taken], left_out: Sequence[str], path: Path) -> None:
    """What became of every file, as CSV."""
    rows = [[one.name, str(one.outcome), str(one.segment_id or ""), one.reason] for one in results]
    rows += [[name, "left out", "", ""] for name in left_out]
    write_table(path, [["file", "outcome", "segment", "reason"], *sorted(rows)])


@contextmanager
def _opened(path: Path, settings: Settings) -> Iterator[Source]:
    if path.is_dir():
        yield walk(path)
    elif path.is_file():
        archive = open_archive(path, settings.upload_limit_bytes)
        try:
            yield archive
        finally:
            archive.close()
    else:
        raise Invalid(f"{stored_path(path)} is not a folder, nor a ZIP file")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"the list {path} cannot be read: {error.strerror}") from None


def _plan(
    engine: Engine,
    settings: Settings,
    source: Source,
    wishes: Wishes,
    listing: Listing | None,
    threads: int,
    console: Console,
) -> Plan:
    with _bar("Looking", console) as bar:
        task = bar.add_task("", total=len(source.recordings))
        return plan_import(
            engine,
            source,
            wishes,
            listing,
            ffmpeg=find_ffmpeg(settings.ffmpeg),
            threads=threads,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )


@dataclass(frozen=True, slots=True)
class _Work:
    results: Sequence[Taken]
    interrupted: bool
    seconds: float


def _carried_out(
    files: Sequence[Planned], threads: int, take_one: Callable[[Planned], Taken], console: Console
) -> _Work:
    """Take files, several at a time (the work is ffmpeg's), with a bar.

    Only as many are under way as there are threads: whoever stops it waits for those, and for no queue. A full disk stops it too.
    """
    waiting, results = iter(files), list[Taken]()
    running: set[Future[Taken]] = set()
    began = time.monotonic()
    with (
        _bar("Importing", console) as bar,
        interruption() as stop,
        ThreadPoolExecutor(threads, thread_name_prefix="import") as pool,
    ):
        task = bar.add_task("", total=len(files))
        while True:
            while len(running) < threads and not (stop.wanted or any(one.full for one in results[-threads:])):
                one = next(waiting, None)
                if one is None:
                    break
                running.add(pool.submit(take_one, one))
            if not running:
                return _Work(results, stop.wanted, time.monotonic() - began)
            done, running = wait(running, return_when=FIRST_COMPLETED)
            results += (future.result() for future in done)
            rate = len(results) / max(time.monotonic() - began, 0.001)
            bar.update(task, completed=len(results), description=f"{rate:.1f} files/s")


def _bar(what: str, console: Console) -> Progress:
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


def _table(files: Sequence[Planned]) -> Table:
    """A row for each file; columns in which nobody has anything are left out."""
    headings = ("file", "title", "kind", "presenter", "series", "episode", "date", "from")
    rows = []
    for one in files:
        said = one.intent.description
        told = (said.presenter or "", said.series or "", str(said.episode or ""), one.date)
        rows.append((one.intent.recording.name, said.title, str(said.kind), *told, _origins(one)))
    table = Table(box=None, pad_edge=False, show_edge=False)
    wanted = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    for place in wanted:
        table.add_column(headings[place], overflow="fold")
    for row in rows:
        table.add_row(*(escape(row[place]) for place in wanted))
    return table


def _origins(one: Planned) -> str:
    """Where its fields come from: "title, date: file name; kind: folder "드라마"; presenter: tag"."""
    by_source: dict[str, list[str]] = {}
    for name, source in one.sources.items():
        by_source.setdefault(source, []).append(name)
    return "; ".join(f"{', '.join(names)}: {source}" for source, names in by_source.items())


def _tell_passed_over(source: Source, console: Console) -> None:
    archives = source.archives if isinstance(source, Folder) else ()
    _name("in ZIP files, which are brought one by one: danpa import FILE.zip", archives, console)


def _name(what: str, names: Sequence[str], console: Console) -> None:
    if names:
        console.print(f"{len(names)} {what}:", highlight=False, soft_wrap=True)
        for name in names[:NAMED]:
            console.print(f"  {escape(name)}", highlight=False, soft_wrap=True)
        if len(names) > NAMED:
            console.print(f"  ... and {len(names) - NAMED} more", highlight=False)


def _left(files: Sequence[Planned], results: Sequence[Taken]) -> list[str]:
    done = {result.name for result in results}
    return [one.intent.recording.name for one in files if one.intent.recording.name not in done]


def _summarise(results: Sequence[Taken], plan: Plan, skipped: int, seconds: float, console: Console) -> None:
    counts = Counter(result.outcome for result in results)
    known = plan.known + counts[Outcome.known]
    same = f" and {counts[Outcome.same]} the same as another file" if counts[Outcome.same] else ""
    console.print(
        f"{counts[Outcome.imported]} imported, {known} already in the library{same}, {counts[Outcome.rejected]} rejected, "
        f"{counts[Outcome.failed]} failed, {skipped} passed over (not audio)",
        highlight=False,
        soft_wrap=True,
    )
    if counts[Outcome.imported] > 1:
        rate = len(results) / max(seconds, 0.001)
        console.print(f"{rate:.1f} files a second", highlight=False)
    for result in sorted((one for one in results if one.reason), key=lambda one: one.name):
        console.print(
            f"  {result.outcome}: {escape(result.name)}: {escape(result.reason)}",
            soft_wrap=True,
            highlight=False,
        )
    twins = [f"{one.name}: segment {one.segment_id}" for one in results if one.outcome == Outcome.same]
    _name("the same as another file, which gave the title", twins, console)
    if any(result.full for result in results):
        console.print("The disk is full: it was stopped there.", highlight=False)
