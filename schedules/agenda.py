"""The plan's one question about time."""

from __future__ import annotations

from datetime import datetime


class Agenda:
    """Answers "is it time?" and remembers the earliest no."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.next_at: datetime | None = None

    def reached(self, instant: datetime) -> bool:
        if instant <= self.now:
            return True
        if self.next_at is None or instant < self.next_at:
            self.next_at = instant
        return False
