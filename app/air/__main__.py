"""``python -m app.air``: the air process by itself, with as little to load as can be, because it may be on the air again soon."""

import sys

from app.air.log_lines import log_without_waiting
from app.air.process import run_air
from app.processes import configure_logs, stop_on_signals
from app.settings import Settings

settings = Settings()
configure_logs("air", json=settings.log_json)
log_without_waiting(sys.stderr.fileno())
run_air(settings, stop_on_signals())
