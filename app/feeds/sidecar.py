"""The JSON manifest that a feed may ask for beside the audio: facts for the site's automation, no titles or names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from app.signing.keys import SigningKey
from app.signing.seal import seal

FORMAT = "danpa-manifest/2"
"""1 had no signature, no ids and no end."""
MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one object is and which airing it is for. Instants are aware.

    ``starts_at`` and ``stops_at`` are when what is in the file is on the air. ``samples`` is the exact decoded length of the whole file, ``lead_in_s`` how long after its beginning the programme begins.
    """

    object_name: str
    sha256: str
    size: int
    media_type: str
    codec: str
    samples: int
    sample_rate: int
    bitrate_kbps: int | None
    channels: int
    lead_in_s: float
    airing_id: int
    slot_id: int
    starts_at: datetime
    stops_at: datetime
    part: dict[str, int | None] | None
    """Which part of the airing the file is, as seconds after its start (``start_s``, ``stop_s``); None for all of it."""
    site_code: str
    frequencies_khz: tuple[int, ...]
    version: int
    made_at: datetime
    """When the artefact was rendered: the same artefact always has the same manifest."""


def sidecar_name(object_name: str) -> str:
    """The manifest's name at the site."""
    return f"{object_name}.json"


def manifest_bytes(manifest: Manifest, key: SigningKey | None) -> bytes:
    """The manifest as JSON, sealed with the station's key: ASCII, one member a line, newline at the end.

    The same facts and key give the same bytes. Without a key (a station that cannot read its own must still be on the
    air) it is not signed and says so: ``key_id`` is null.
    """
    body: dict[str, object] = {
        "format": FORMAT,
        "key_id": key.key_id if key else None,
        "object": manifest.object_name,
        "sha256": manifest.sha256,
        "bytes": manifest.size,
        "media_type": manifest.media_type,
        "codec": manifest.codec,
        "bitrate_kbps": manifest.bitrate_kbps,
        "channels": manifest.channels,
        "sample_rate": manifest.sample_rate,
        "samples": manifest.samples,
        "duration_s": round(manifest.samples / manifest.sample_rate, 6),
        "lead_in_s": manifest.lead_in_s,
        "airing": manifest.airing_id,
        "slot": manifest.slot_id,
        "version": manifest.version,
        "site": manifest.site_code,
        "frequencies_khz": sorted(manifest.frequencies_khz),
        "starts_at": _instant(manifest.starts_at),
        "stops_at": _instant(manifest.stops_at),
        "made_at": _instant(manifest.made_at),
        "expires_at": _instant(manifest.stops_at),
    }
    if manifest.part is not None:
        body["part"] = manifest.part
    text = (json.dumps(body, indent=2, ensure_ascii=True) + "\n").encode("ascii")
    return seal(text, key) if key else text


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
