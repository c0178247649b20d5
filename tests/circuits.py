"""A station with a slot in the middle of the night and lines from Tamsui, and workers for its predictions."""

from __future__ import annotations

from typing import Any

import httpx

from app.jobs.service import claim
from app.jobs.worker import work
from tests.stations import SmallStation

TAMSUI: dict[str, Any] = {"code": "TSH", "name": "Tamsui", "latitude": 25.2, "longitude": 121.4}
SLOT: dict[str, Any] = {
    "programme_id": 1,
    "start": "1500",
    "stop": "1700",
    "days": "daily",
    "first_date": "2026-11-01",
    "last_date": "2027-03-26",
}
"""Midnight to 02:00 in Pyongyang."""


def fill(api: httpx.Client, *khz: int, power_kw: float | None = 250, **site: Any) -> None:
    """Programme 1, slot 1, site 1 and a line for each frequency, from 1 on."""
    make(api, "programmes", {"title": "밤의 목소리", "code": "night"})
    make(api, "slots", SLOT)
    make(api, "sites", TAMSUI | site)
    for each in khz:
        make(api, "lines", {"slot_id": 1, "site_id": 1, "khz": each, "power_kw": power_kw})


def make(api: httpx.Client, path: str, body: dict[str, Any]) -> int:
    answer = api.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def work_off(station: SmallStation) -> int:
    """Do what is queued as a worker does; how many jobs there were."""
    done = 0
    while (job := claim(station.database, "worker-1", ("predict",))) is not None:
        work(station.database, station.settings, job, station.clock)
        done += 1
    return done
