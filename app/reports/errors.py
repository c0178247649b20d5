"""What is wrong with a report: each with a code that pages have their own words for, and the values in them."""

from __future__ import annotations

from app.errors import Conflict, Invalid


class Refused(Invalid):
    """A report that cannot be taken. ``code`` is stable; ``values`` go into the page's words for it."""

    def __init__(self, code: str, detail: str, *, field: str, **values: object) -> None:
        super().__init__(detail, field=field)
        self.code = code
        self.values = values


class AlreadyReported(Conflict):
    """The same report is there already."""

    code = "already-reported"

    def __init__(self, report_id: int) -> None:
        super().__init__(f"report {report_id} already says the same: nothing was added")
        self.values = {"id": report_id}
