"""Ending on signals, however many come at once."""

from __future__ import annotations

import signal
import subprocess
import sys

LOOP = """
from app.processes import stop_on_signals
stopping = stop_on_signals()
print("ready", flush=True)
while not stopping.is_set():
    stopping.wait(0.001)
"""


def test_a_burst_of_signals_ends_a_loop() -> None:
    """Ctrl-C in a terminal, make and the service manager may all say it at the same moment."""
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(200):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()
