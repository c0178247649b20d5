"""Credential references: the database knows where a secret is, never the secret.

``env:NAME`` is a variable of the engine's environment, ``file:/absolute/path`` a file that only we can read. Only
variables called ``DANPA_FEED_...`` are given to sites: whoever may write a feed may choose where they are sent, and the
environment holds other secrets too.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from app.errors import Invalid
from app.feeds.errors import PermanentFeedError
from schedules.said import say

LARGEST_SECRET = 16 * 1024
_VARIABLE = re.compile(r"DANPA_FEED_[A-Z0-9_]+", re.ASCII)


def check_reference(reference: str | None) -> None:
    """Refuse what is not a reference (a pasted secret, say); called when a feed is written. The text is not repeated.

    Raises:
        Invalid: names the two forms.
    """
    if reference is None:
        return
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and _VARIABLE.fullmatch(rest):
        return
    if scheme == "file" and rest.startswith("/") and rest.isprintable():
        return
    told = "a credential is a reference, env:DANPA_FEED_NAME or file:/absolute/path, never the secret itself"
    raise Invalid(say("wrong-credential", told), field="credential")


def resolve(reference: str | None) -> SecretStr | None:
    """The secret that a reference points to; None for no reference.

    Raises:
        PermanentFeedError: code ``credential``; says what is wrong with the reference, never what it holds.
    """
    if reference is None:
        return None
    secret = _referred_to(reference).strip()
    if not secret:
        raise _unusable("the variable or file that the feed's credential refers to is missing or empty")
    if not secret.isascii() or not secret.isprintable():
        raise _unusable("what the feed's credential refers to must be one line of ASCII characters")
    return SecretStr(secret)


def resolve_login(reference: str | None) -> Password | PrivateKey | None:
    """The password, or the SSH private key, that a reference points to: a key begins as every PEM file does.

    Raises:
        PermanentFeedError: code ``credential``.
    """
    if reference is not None and _referred_to(reference).lstrip().startswith("-----BEGIN "):
        return PrivateKey(SecretStr(_referred_to(reference).strip() + "\n"))
    password = resolve(reference)
    return Password(password) if password else None


@dataclass(frozen=True, slots=True)
class Password:
    """What is typed at a login."""

    secret: SecretStr


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The text of an OpenSSH or PEM file."""

    pem: SecretStr


def _referred_to(reference: str) -> str:
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and _VARIABLE.fullmatch(rest):
        return os.environ.get(rest, "")
    if scheme == "file":
        return _read_private(Path(rest))
    raise _unusable("the feed's credential is no reference: use env:DANPA_FEED_NAME or file:/absolute/path")


def _read_private(path: Path) -> str:
    if not path.is_absolute():
        raise _unusable("the file of the feed's credential must be named by an absolute path")
    try:
        # Not blocking, so that a named pipe is refused instead of waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            facts = os.fstat(stream.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_SECRET:
                raise _unusable("the feed's credential refers to something that is not a small file")
            if facts.st_uid != os.geteuid():
                raise _unusable(
                    "the file of the feed's credential belongs to another user: it must be the service's own"
                )
            if facts.st_mode & 0o077:
                raise _unusable(
                    "other users may read the file of the feed's credential: set its mode to 0600"
                )
            return stream.read().decode("utf-8", errors="replace")
    except OSError as error:
        raise _unusable(f"the file of the feed's credential cannot be read: {error.strerror}") from None


def _unusable(detail: str) -> PermanentFeedError:
    return PermanentFeedError("credential", detail)
