from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from app.feeds.sidecar import Manifest, manifest_bytes, sidecar_name

MANIFEST = Manifest(
    object_name="20261122_2000_TAC_7500.mp3",
    sha256="ab" * 32,
    size=28_800_000,
    media_type="audio/mpeg",
    codec="mp3",
    samples=86_400_000,
    sample_rate=48_000,
    bitrate_kbps=128,
    starts_at=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    stops_at=datetime(2026, 11, 22, 20, 30, tzinfo=UTC),
    site_code="TAC",
    frequencies_khz=(9380, 7500),
    version=2,
    made_at=datetime(2026, 11, 22, 14, 1, 2, 345_678, tzinfo=UTC),
)


def test_the_manifest_tells_the_automation_what_the_object_is_and_when_it_airs() -> None:
    assert sidecar_name(MANIFEST.object_name) == "20261122_2000_TAC_7500.mp3.json"
    assert json.loads(manifest_bytes(MANIFEST)) == {
        "format": "danpa-manifest/1",
        "object": "20261122_2000_TAC_7500.mp3",
        "sha256": "ab" * 32,
        "bytes": 28_800_000,
        "media_type": "audio/mpeg",
        "codec": "mp3",
        "bitrate_kbps": 128,
        "sample_rate": 48_000,
        "samples": 86_400_000,
        "duration_s": 1800.0,
        "starts_at": "2026-11-22T20:00:00Z",
        "stops_at": "2026-11-22T20:30:00Z",
        "site": "TAC",
        "frequencies_khz": [7500, 9380],
        "version": 2,
        "made_at": "2026-11-22T14:01:02Z",
    }


def test_the_same_facts_are_the_same_bytes_so_that_a_repeat_changes_nothing_at_the_site() -> None:
    in_korea = replace(
        MANIFEST,
        starts_at=MANIFEST.starts_at.astimezone(timezone(timedelta(hours=9))),
        frequencies_khz=(7500, 9380),
    )
    assert manifest_bytes(in_korea) == manifest_bytes(MANIFEST)
    assert manifest_bytes(MANIFEST).isascii()
