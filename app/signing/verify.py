"""Is this audio what the station sent? Checked against its manifest, anywhere, without a station."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from app.errors import DanpaError
from app.feeds.sidecar import FORMAT, sidecar_name
from app.signing.keys import PublicKey
from app.signing.seal import BrokenSeal, Sealed, unseal
from app.storage import sha256_of
from schedules.errors import ScheduleError
from schedules.time import to_utc

UNSIGNED_FORMAT = "danpa-manifest/1"
LARGEST_MANIFEST = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")

Verdict = Literal["ok", "wrong", "note"]


class Unverifiable(DanpaError):
    """There is nothing to check it against."""

    code = "unverifiable"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen, in words. A ``note`` does not make the audio wrong."""

    subject: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class _Claims:
    object_name: str
    sha256: str
    size: int
    key_id: str | None
    expires_at: datetime | None


def verify(
    audio: Path, manifest: Path | None, keys: Sequence[PublicKey], *, now: datetime
) -> tuple[Check, ...]:
    """Compare an audio file with its manifest (by default the one beside it), and that with the keys of its station.

    Raises:
        Unverifiable: a file is missing or is no manifest.
    """
    if not audio.is_file():
        raise Unverifiable(f"there is no file {audio}")
    manifest = manifest or audio.with_name(sidecar_name(audio.name))
    text = _text(manifest)
    try:
        sealed = unseal(text)
    except BrokenSeal as broken:
        return (Check("signature", "wrong", str(broken)),)
    claims = _claims(sealed.body, manifest)
    checks = [_signature(sealed, claims, keys), _size(audio, claims)]
    if checks[-1].verdict == "ok":
        checks.append(_hash(audio, claims))
    return (*checks, *_notes(audio, claims, now))


def _text(manifest: Path) -> bytes:
    try:
        if manifest.stat().st_size <= LARGEST_MANIFEST:
            return manifest.read_bytes()
    except OSError as error:
        raise Unverifiable(f"the manifest {manifest} cannot be read: {error.strerror}") from None
    raise Unverifiable(f"{manifest} is too large for a manifest")


def _claims(body: bytes, manifest: Path) -> _Claims:
    """What the signed bytes say: nothing else of the file is looked at."""
    try:
        claims = _read(json.loads(body))
    except (ValueError, KeyError, TypeError, RecursionError, ScheduleError):
        claims = None
    if claims is None:
        raise Unverifiable(f"{manifest} is no manifest of Danpa's ({FORMAT})")
    return claims


def _read(told: dict[str, Any]) -> _Claims | None:
    if told["format"] not in {FORMAT, UNSIGNED_FORMAT} or not _SHA256.fullmatch(told["sha256"]):
        return None
    key_id, expires_at = told.get("key_id"), told.get("expires_at")
    return _Claims(
        object_name=str(told["object"]),
        sha256=told["sha256"],
        size=int(told["bytes"]),
        key_id=None if key_id is None else str(key_id),
        expires_at=to_utc(datetime.fromisoformat(expires_at)) if expires_at else None,
    )


def _signature(sealed: Sealed, claims: _Claims, keys: Sequence[PublicKey]) -> Check:
    if sealed.signature is None:
        return Check("signature", "wrong", "the manifest is not signed: it proves nothing")
    ours = [key for key in keys if key.key_id == claims.key_id]
    if not ours:
        known = ", ".join(key.key_id for key in keys)
        return Check("signature", "wrong", f"made with the key {claims.key_id}; known are {known}")
    if not ours[0].verifies(sealed.signature, sealed.body):
        return Check("signature", "wrong", f"not by the key {claims.key_id} that it names: it was altered")
    return Check("signature", "ok", f"by the key {claims.key_id}")


def _size(audio: Path, claims: _Claims) -> Check:
    size = audio.stat().st_size
    if size != claims.size:
        return Check("size", "wrong", f"{size} bytes, and the manifest says {claims.size}")
    return Check("size", "ok", f"{size} bytes")


def _hash(audio: Path, claims: _Claims) -> Check:
    sha256 = sha256_of(audio)
    if sha256 != claims.sha256:
        return Check("sha-256", "wrong", f"{sha256}, and the manifest says {claims.sha256}")
    return Check("sha-256", "ok", sha256)


def _notes(audio: Path, claims: _Claims, now: datetime) -> list[Check]:
    notes = []
    if audio.name != claims.object_name:
        notes.append(Check("name", "note", f"the station called it {claims.object_name}"))
    if claims.expires_at is not None and claims.expires_at <= now:
        notes.append(
            Check(
                "airing",
                "note",
                f"over since {claims.expires_at:%Y-%m-%d %H:%M} UTC: not to be aired any more",
            )
        )
    return notes
