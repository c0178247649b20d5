"""What the engine leaves for the air process: one file per armed airing, written in one step, under a versioned schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from app.airings.models import Airing, Artefact
from app.settings import Settings
from app.storage import Blobs, sync_directory, write_atomically

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ArmedFile:
    """An audio file that the airing may need, by where it lies and what it must be."""

    path: str
    sha256: str
    bytes: int
    media_type: str
    samples: int
    sample_rate: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class Armed:
    """Everything the air process needs for one airing."""

    airing_id: int
    version: int
    starts_at: datetime
    stops_at: datetime
    artefacts: tuple[ArmedFile, ...]
    endpoints: tuple[str, ...] = ()
    """Where its sound goes live; none for file feeds, whose sites have their audio already."""
    schema: int = SCHEMA


class BadArmedFile(Exception):
    """An armed file that this air process cannot read."""


def arm(settings: Settings, airing: Airing, version: int, artefacts: Sequence[Artefact]) -> Path:
    """Put one version of an airing into the air process's folder and take the older ones out."""
    assert airing.id is not None
    blobs = Blobs(settings.blobs_dir)
    armed = Armed(
        airing_id=airing.id,
        version=version,
        starts_at=airing.starts_at,
        stops_at=airing.stops_at,
        artefacts=tuple(
            ArmedFile(
                path=str(blobs.path("artefacts", row.sha256, f".{row.extension}")),
                sha256=row.sha256,
                bytes=row.bytes,
                media_type=row.media_type,
                samples=row.samples,
                sample_rate=row.sample_rate,
                frames=row.frames,
            )
            for row in artefacts
        ),
    )
    path = settings.armed_dir / f"{airing.id}-{version}.json"
    write_atomically(path, json.dumps(asdict(armed), default=datetime.isoformat, indent=1).encode())
    _remove(settings, airing.id, keep=path)
    return path


def disarm(settings: Settings, airing_id: int) -> None:
    """Take an airing out of the air process's folder."""
    _remove(settings, airing_id, keep=None)


def armed_airings(settings: Settings) -> set[int]:
    """Ids of the airings in the air process's folder."""
    names = (path.name.partition("-")[0] for path in settings.armed_dir.glob("*-*.json"))
    return {int(name) for name in names if name.isdecimal()}


def read_armed(path: Path) -> Armed:
    """Read what the engine left.

    Raises:
        BadArmedFile: another schema, or not such a file at all.
    """
    try:
        body = json.loads(path.read_bytes())
        if body["schema"] != SCHEMA:
            raise BadArmedFile(f"{path.name} has schema {body['schema']}, this air process reads {SCHEMA}")
        return Armed(
            airing_id=int(body["airing_id"]),
            version=int(body["version"]),
            starts_at=datetime.fromisoformat(body["starts_at"]),
            stops_at=datetime.fromisoformat(body["stops_at"]),
            artefacts=tuple(ArmedFile(**one) for one in body["artefacts"]),
            endpoints=tuple(body["endpoints"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadArmedFile(f"{path.name} is not an armed airing: {error}") from error


def _remove(settings: Settings, airing_id: int, keep: Path | None) -> None:
    for path in settings.armed_dir.glob(f"{airing_id}-*.json"):
        if path != keep:
            path.unlink(missing_ok=True)
    sync_directory(settings.armed_dir)
