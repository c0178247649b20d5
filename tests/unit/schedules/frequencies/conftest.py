from __future__ import annotations

from pathlib import Path

import pytest

from schedules.frequencies import eibi
from schedules.frequencies.eibi import EibiRow
from schedules.frequencies.text import ScheduleFile, decode

REAL_FILE = Path(__file__).parents[3] / "data" / "eibi" / "sked-a26.csv"


@pytest.fixture(scope="session")
def real_bytes() -> bytes:
    return REAL_FILE.read_bytes()


@pytest.fixture(scope="session")
def real_file(real_bytes: bytes) -> ScheduleFile[EibiRow]:
    return eibi.read(decode(real_bytes).text)
