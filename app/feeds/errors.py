"""What can go wrong on the way to a site. The words are for the engineer on call: no secrets, titles or object names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from app.errors import DanpaError


class FeedError(DanpaError):
    """A delivery that did not work, or a read-back that could not be made.

    ``code`` is stable (scripts and alarms use it); the text says what to do.

    Codes of passing errors: host-unknown, unreachable, timeout, connection-lost, busy, server-error, disk-full,
    storage-error, lost-after-upload, mount-in-use. Codes of permanent ones: unauthorised, refused, too-large, folder-missing,
    not-writable, redirected, tls, host-key, bad-address, confined, credential, source-damaged, software-missing.
    """

    permanent: ClassVar[bool]

    def __init__(self, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s
        """How long the site asks us to wait, where it says so."""
        self.taken = False
        """Whether the site had taken the object before this went wrong: it may lie there now."""


class PermanentFeedError(FeedError):
    """Trying again changes nothing: a person must act."""

    permanent = True


class PassingFeedError(FeedError):
    """Worth another attempt later."""

    permanent = False


@contextmanager
def once_taken() -> Iterator[None]:
    """Mark what goes wrong from here on: the object has been taken."""
    try:
        yield
    except FeedError as error:
        error.taken = True
        raise


NOTHING_ARRIVED = frozenset(
    {
        "bad-address", "confined", "credential", "disk-full", "folder-missing", "host-key", "host-unknown",
        "not-writable", "redirected", "software-missing", "source-damaged", "tls", "too-large", "too-long", "unauthorised", "unreachable",
    }
)  # fmt: skip
"""Codes with which a sending ends before the object can have got its name: we were not let in, or the bytes not taken."""
