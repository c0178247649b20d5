"""What the tus protocol refuses, each with the status that the protocol gives it (`app.web.problems`)."""

from __future__ import annotations

from app.errors import Conflict, DanpaError, Forbidden


class TusError(DanpaError):
    """Root of these; by itself a request that the protocol does not know (400)."""

    code = "bad-upload-request"


class UnsupportedVersion(TusError):
    """The client speaks another version of tus (412)."""

    code = "tus-version"


class WrongContentType(TusError):
    """The body is not ``application/offset+octet-stream`` (415)."""

    code = "content-type"


class ChecksumMismatch(TusError):
    """A piece is not what its checksum says; it was thrown away (460)."""

    code = "checksum-mismatch"


class Gone(TusError):
    """The upload is over: given up, ended, or failed (410)."""

    code = "upload-gone"


class Locked(TusError):
    """Another request of the same upload is bringing bytes at this moment (423)."""

    code = "upload-locked"


class TooSlow(TusError):
    """Nothing came for a long while; what came before is kept (408)."""

    code = "upload-silent"


class Stopping(TusError):
    """The service stops; what came is kept (503)."""

    code = "stopping"


class WrongOffset(Conflict):
    """The piece does not begin where the upload stands (409)."""

    code = "wrong-offset"


class QuotaExceeded(Forbidden):
    """The person has too much under way (403: a client that tries again at once gains nothing)."""

    code = "upload-quota"
