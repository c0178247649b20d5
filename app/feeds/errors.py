"""What can go wrong on the way to a site. The words are for the engineer on call: no secrets, titles or object names."""

from __future__ import annotations

from typing import ClassVar

from app.errors import DanpaError


class FeedError(DanpaError):
    """A delivery that did not work, or a read-back that could not be made.

    ``code`` is stable (scripts and alarms use it); the text says what to do.

    Codes of passing errors: host-unknown, unreachable, timeout, connection-lost, busy, server-error, disk-full,
    storage-error, lost-after-upload. Codes of permanent ones: unauthorised, refused, too-large, folder-missing,
    not-writable, redirected, tls, host-key, bad-address, confined, credential, source-damaged.
    """

    permanent: ClassVar[bool]

    def __init__(self, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s
        """How long the site asks us to wait, where it says so."""


class PermanentFeedError(FeedError):
    """Trying again changes nothing: a person must act."""

    permanent = True


class PassingFeedError(FeedError):
    """Worth another attempt later."""

    permanent = False
