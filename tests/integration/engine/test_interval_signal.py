"""The end of every chain: there whenever it is asked for, and synthesised only when it is not."""

from __future__ import annotations

import pytest

from app.database import reading, writing
from app.station import interval_signal
from app.station.interval_signal import ensure_interval_signal
from app.station.models import Station
from tests.stations import SmallStation


@pytest.fixture
def station(demo_station: SmallStation) -> SmallStation:
    return demo_station


def stored(station: SmallStation) -> str | None:
    with reading(station.database) as session:
        return session.get_one(Station, 1).interval_signal_sha256


def test_it_is_made_once(station: SmallStation, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_interval_signal(station.database, station.settings)
    assert made.path.is_file()
    assert stored(station) == made.sha256
    monkeypatch.setattr(interval_signal, "synthesise_interval_signal", None)
    assert ensure_interval_signal(station.database, station.settings).sha256 == made.sha256
    again = ensure_interval_signal(station.database, station.settings)
    assert (again.path, again.samples, again.loudness_lufs, again.peak_dbtp, again.silences) == (
        *(made.path, made.samples, made.loudness_lufs, made.peak_dbtp, made.silences),
    )


@pytest.mark.parametrize(
    "loss", ["the master", "half the master", "its figures", "the station's row", "the cache"]
)
def test_it_is_made_again_if_anything_of_it_is_gone(loss: str, station: SmallStation) -> None:
    made = ensure_interval_signal(station.database, station.settings)
    content = made.path.read_bytes()
    (figures,) = station.settings.cache_dir.glob("interval-signal-*.json")
    match loss:
        case "the master":
            made.path.unlink()
        case "half the master":
            made.path.write_bytes(content[: len(content) // 2])
        case "its figures":
            figures.write_bytes(b"{")
        case "the station's row":
            with writing(station.database) as session:
                session.get_one(Station, 1).interval_signal_sha256 = None
        case "the cache":
            figures.unlink()
            station.settings.cache_dir.rmdir()
    again = ensure_interval_signal(station.database, station.settings)
    assert again.path.read_bytes() == content
    assert stored(station) == made.sha256
