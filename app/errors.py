"""The service's own errors. Their words are for producers and engineers; `app.web.problems` maps them to HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schedules.said import Said


class DanpaError(Exception):
    """Root of what the service refuses. ``code`` is stable and names the problem type.

    ``said`` is the message for readers of other languages, where there are words for it.
    """

    code = "danpa-error"

    def __init__(self, message: Said | str = "") -> None:
        super().__init__(str(message))
        self.said = None if isinstance(message, str) else message


class NotFound(DanpaError):
    """There is no such thing."""

    code = "not-found"


class Invalid(DanpaError):
    """What was sent contradicts itself or the rules. ``field`` names the culprit where there is one."""

    code = "invalid"

    def __init__(self, detail: Said | str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class Conflict(DanpaError):
    """It would contradict what is already there."""

    code = "conflict"


class StaleRevision(DanpaError):
    """Somebody else changed it in the meantime (If-Match)."""

    code = "stale-revision"


class NotSignedIn(DanpaError):
    """No valid key or session."""

    code = "not-signed-in"


class Forbidden(DanpaError):
    """Signed in, but this may not be done."""

    code = "forbidden"


class TooLarge(DanpaError):
    """Over a limit."""

    code = "too-large"


class DiskReserve(DanpaError):
    """The rest of the disk is kept for tonight's programmes."""

    code = "disk-reserve"
