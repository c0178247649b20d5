"""How a line is told of in a sentence."""

from __future__ import annotations

from schedules.days import format_days
from schedules.frequencies.line import Line
from schedules.hhmm import format_hhmm


def named(line: Line) -> str:
    """What tells it from a site's other lines: "9650 kHz TAC 2000-2100 Mo-Fr (Danpa)"."""
    times = f"{format_hhmm(line.start_minute)}-{format_hhmm(line.stop_minute)}"
    days = format_days(line.days) if line.days else "on no day"
    who = f" ({line.who})" if line.who else ""
    return f"{line.khz:.9g} kHz {line.site} {times} {days}{who}"
