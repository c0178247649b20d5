"""A whole station for acceptance tests: real processes, a simulated clock, everything through HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from app.settings import Settings
from app.station.founding import found
from tests.acceptance.children import DONE, FileClock

HERE = Path(__file__).parent
VOICES = HERE.parents[1] / "app" / "demo" / "voices"
KILLED = -9


@dataclass
class WholeStation:
    """Web, two workers and a nursery of engines over one home folder."""

    home: Path
    now: datetime
    alarm_webhook_url: str = ""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    incarnations: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings(home=self.home, port=0, disk_reserve_bytes=0)
        founded = found(self.settings, "수용 시험", "시험관", now=self.now)
        assert founded is not None
        self.clock = FileClock(self.home / "clock")
        self.clock.set(self.now)
        self.log = (self.home / "log").open("a")
        self._start("worker", "0")
        self._start("worker", "1")
        self._start("web")
        self._nursery = self._start("nursery", pipes=True)
        url = json.loads(_wait_for(self.settings.run_dir / "web.json"))["url"]
        self.key = founded.key
        self.http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {self.key}"}, timeout=30
        )

    def _start(self, role: str, *arguments: str, pipes: bool = False) -> subprocess.Popen[str]:
        environment = os.environ | {
            "DANPA_HOME": str(self.home),
            "DANPA_PORT": "0",
            "DANPA_DISK_RESERVE_BYTES": "0",
            "PYTHONPATH": str(HERE.parents[1]),
        }
        if self.alarm_webhook_url:
            environment["DANPA_ALARM_WEBHOOK_URL"] = self.alarm_webhook_url
        process = subprocess.Popen(
            [sys.executable, str(HERE / "children.py"), role, str(self.clock.path), *arguments],
            env=environment,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else self.log,
            stderr=self.log,
            text=True,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        self.http.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        self.log.close()

    # --- the engine ----------------------------------------------------------------------------------------------

    def live_until(self, until: datetime, die_at_commit: int | None = None) -> int:
        """One engine, until it reaches an instant or is killed. Returns its exit code."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        order = {"until": until.isoformat(), "die_at_commit": die_at_commit}
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        self.incarnations += 1
        answer = self._nursery.stdout.readline()
        assert answer, "the nursery is dead: " + self.tail()
        return int(json.loads(answer))

    def survive_until(self, until: datetime, deaths: list[int]) -> None:
        """Engines that die at the given commits, one after another, over and over, until one reaches the instant."""
        for number in range(1000):
            code = self.live_until(until, deaths[number % len(deaths)])
            if code == DONE:
                return
            assert code == KILLED, self.tail()
        raise AssertionError("a thousand engines did not reach the end")

    def commits(self) -> int:
        """How many commits the last engine that reached the end made."""
        return int((self.settings.run_dir / "commits").read_text())

    def tail(self) -> str:
        return (self.home / "log").read_text()[-4000:]

    # --- the API -------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def items(self, path: str, **query: Any) -> list[Any]:
        return list(self.get(path, limit=200, **query)["items"])

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body) if body else self.http.post(path)
        assert answer.is_success, answer.text
        return answer.json()

    def upload(self, file: Path, **fields: str) -> int:
        """Upload and approve a segment, as a producer would."""
        with file.open("rb") as stream:
            answer = self.http.post("/segments", data=fields, files={"file": (file.name, stream)})
        assert answer.status_code == 202, answer.text
        segment_id = int(answer.json()["id"])
        self.wait_for_segment(segment_id)
        self.post(f"/segments/{segment_id}/approve")
        return segment_id

    def wait_for_segment(self, segment_id: int) -> None:
        """Until the workers have its master."""
        self._wait(lambda: self.get(f"/segments/{segment_id}")["state"] != "processing")

    def wait_for_cut(self, segment_id: int) -> None:
        """Until the workers have made its newest cut."""
        self._wait(lambda: self.items(f"/segments/{segment_id}/cuts")[0]["state"] == "ready")

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.1)


def _wait_for(path: Path) -> bytes:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)
    return path.read_bytes()
