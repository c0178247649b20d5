from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.feeds.sidecar import Manifest, manifest_bytes, sidecar_name
from app.settings import Settings
from app.signing.keys import SigningKey, rotate, station_key

MANIFEST = Manifest(
    object_name="20261122_2000_TAC_7500.mp3",
    sha256="ab" * 32,
    size=28_800_000,
    media_type="audio/mpeg",
    codec="mp3",
    samples=86_400_000,
    sample_rate=48_000,
    bitrate_kbps=128,
    channels=1,
    lead_in_s=0.0,
    airing_id=412,
    slot_id=7,
    starts_at=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    stops_at=datetime(2026, 11, 22, 20, 30, tzinfo=UTC),
    part=None,
    site_code="TAC",
    frequencies_khz=(9380, 7500),
    version=2,
    made_at=datetime(2026, 11, 22, 14, 1, 2, 345_678, tzinfo=UTC),
)

TOLD = {
    "format": "danpa-manifest/2",
    "object": "20261122_2000_TAC_7500.mp3",
    "sha256": "ab" * 32,
    "bytes": 28_800_000,
    "media_type": "audio/mpeg",
    "codec": "mp3",
    "bitrate_kbps": 128,
    "channels": 1,
    "sample_rate": 48_000,
    "samples": 86_400_000,
    "duration_s": 1800.0,
    "lead_in_s": 0.0,
    "airing": 412,
    "slot": 7,
    "version": 2,
    "site": "TAC",
    "frequencies_khz": [7500, 9380],
    "starts_at": "2026-11-22T20:00:00Z",
    "stops_at": "2026-11-22T20:30:00Z",
    "made_at": "2026-11-22T14:01:02Z",
    "expires_at": "2026-11-22T20:30:00Z",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def key(settings: Settings) -> SigningKey:
    return station_key(settings)


def test_the_manifest_tells_the_automation_what_the_object_is_and_when_it_airs(key: SigningKey) -> None:
    assert sidecar_name(MANIFEST.object_name) == "20261122_2000_TAC_7500.mp3.json"
    told = json.loads(manifest_bytes(MANIFEST, key))
    assert len(told.pop("signature")) == 88
    assert told.pop("key_id") == key.key_id
    assert told == TOLD


def test_the_same_facts_are_the_same_bytes_so_that_a_repeat_changes_nothing_at_the_site(
    key: SigningKey, settings: Settings
) -> None:
    in_korea = replace(
        MANIFEST,
        starts_at=MANIFEST.starts_at.astimezone(timezone(timedelta(hours=9))),
        frequencies_khz=(7500, 9380),
    )
    read_again = station_key(settings)
    assert manifest_bytes(in_korea, read_again) == manifest_bytes(MANIFEST, key)
    assert manifest_bytes(MANIFEST, key).isascii()


def test_another_key_signs_otherwise(key: SigningKey, settings: Settings) -> None:
    assert manifest_bytes(MANIFEST, rotate(settings)) != manifest_bytes(MANIFEST, key)


def test_a_station_that_cannot_read_its_key_says_that_it_did_not_sign() -> None:
    assert json.loads(manifest_bytes(MANIFEST, None)) == TOLD | {"key_id": None}
