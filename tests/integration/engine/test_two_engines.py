"""Two engines of one station: the second stands by, and takes over when the first is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from app.locks import holder
from tests.integration.engine.living import LivingStation, eventually

REPOSITORY = Path(__file__).parents[3]


def test_the_second_takes_over_when_the_first_is_killed(station: LivingStation) -> None:
    run_dir = station.settings.run_dir
    environment = os.environ | {"DANPA_HOME": str(station.settings.root), "DANPA_SWEEP_S": "0.2"}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app", "engine"]
        return subprocess.Popen(command, env=environment, cwd=REPOSITORY, stderr=subprocess.DEVNULL)

    def at_work() -> int | None:
        path = run_dir / "engine.json"
        return int(json.loads(path.read_bytes())["pid"]) if path.exists() else None

    def seen_at() -> datetime:
        return datetime.fromisoformat(json.loads((run_dir / "engine.json").read_bytes())["at"])

    first = start()
    second: subprocess.Popen[bytes] | None = None
    try:
        eventually(lambda: at_work() == first.pid)
        second = start()
        since = seen_at()
        eventually(lambda: seen_at() > since + timedelta(seconds=2))  # it went round many times since
        assert at_work() == first.pid
        assert second.poll() is None, "it stands by"
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        eventually(lambda: at_work() == second.pid)
        assert holder(run_dir / "engine.lock") == second.pid
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
    finally:
        for process in (first, second):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
