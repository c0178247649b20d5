"""How far running jobs are: a small file for each worker, replaced in one step and gone when the job ends.

Not a row: a long render says something twice a second, and the one writer of the database has better to do. Nothing
depends on these files; they are for people's eyes.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from app.settings import Settings

_EVERY_S = 0.5
STALE_S = 120.0
"""Of a file that was not touched for so long, the worker has died."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction`, from 0 to 1, of one job. `subject` and `subject_id` are named as events name them: `airing`, 12."""

    kind: str
    subject: str
    subject_id: int
    fraction: float


@contextlib.contextmanager
def reporting(
    settings: Settings, kind: str, subject: str, subject_id: int
) -> Iterator[Callable[[float], None]]:
    """Gives a function to call with growing fractions; it writes at most twice a second."""
    path = settings.run_dir / f"progress-{os.getpid()}.json"
    told = -_EVERY_S

    def tell(fraction: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY_S:
            told = now
            _replace(path, Progress(kind, subject, subject_id, round(fraction, 3)))

    try:
        tell(0.0)
        yield tell
    finally:
        path.unlink(missing_ok=True)


def in_progress(settings: Settings, now: datetime) -> list[Progress]:
    """What all workers are doing now, in order of subject."""
    found = []
    for path in settings.run_dir.glob("progress-*.json"):
        # A file may go while it is looked at
        with contextlib.suppress(FileNotFoundError):
            if now.timestamp() - path.stat().st_mtime < STALE_S:
                found.append(Progress(**json.loads(path.read_bytes())))
    return sorted(found, key=lambda each: (each.subject, each.subject_id, each.kind))


def _replace(path: Path, progress: Progress) -> None:
    """In one step, but without waiting for the disk: after a power cut nobody wants to know."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(progress)), encoding="ascii")
    temporary.replace(path)
