"""What each frequency is expected to do, hour by hour, and what a prediction costs.

    python tests/bench/propagation.py          # or: python -m tests.bench.propagation

Tamsui (25.2N 121.4E) to Pyongyang (39.03N 125.75E), December 2026, 250 kW and no gain counted: for each hour the bands (0 none
to 5 excellent) of 5.9, 7.3, 9.6 and 11.7 MHz with their reliability and SNR, and the best of them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from schedules.frequencies.propagation import Circuit, Question, predict  # noqa: E402
from schedules.frequencies.sunspots import predicted_sunspots  # noqa: E402

KHZ = (5900.0, 7300.0, 9600.0, 11700.0)


def main() -> None:
    sunspots = predicted_sunspots(2026, 12)
    assert sunspots is not None
    circuit = Circuit(from_lat=25.2, from_lon=121.4, to_lat=39.03, to_lon=125.75, power_kw=250)
    question = Question(circuit=circuit, month=12, sunspots=sunspots, khz=KHZ)
    began = time.perf_counter()
    next(predict(question))
    first = time.perf_counter() - began
    began = time.perf_counter()
    hours = list(predict(question))
    each = (time.perf_counter() - began) / (len(hours) * len(KHZ))

    title = (
        f"Tamsui to Pyongyang, {circuit.distance_km:.0f} km, December 2026 (sunspots {sunspots:g}), 250 kW"
    )
    table = Table("UTC", "KST", "MUF", *(f"{khz / 1000:.1f}" for khz in KHZ), "best", title=title)
    for found in hours:
        best = found.ranked()[0]
        table.add_row(
            f"{found.hour:02d}",
            f"{(found.hour + 9) % 24:02d}",
            f"{found.muf_khz / 1000:.1f}",
            *(
                f"{one.band.value}  {one.reliability_percent:3d} %  {one.snr_db:2d} dB"
                for one in found.signals
            ),
            f"{best.khz / 1000:.1f}  {best.band.name.lower().replace('_', ' ')}",
        )
    Console(width=120).print(table)
    print(f"{each * 1000:.2f} ms for an hour and frequency; the first hour, with the imports, {first:.2f} s")


if __name__ == "__main__":
    main()
