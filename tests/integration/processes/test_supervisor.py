"""The real processes of a station: started, killed one by one, orphaned, adopted and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.locks import Lock, holder
from app.supervisor import _signal
from tests.integration.engine.living import eventually

REPOSITORY = Path(__file__).parents[3]
LOCKED = ("engine", "worker-0", "worker-1", "air")


class Home:
    """A station's folder and the commands that are run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = folder / "run"
        self.served: list[subprocess.Popen[str]] = []
        self.environment = os.environ | {
            "DANPA_HOME": str(folder),
            "DANPA_PORT": "0",
            "DANPA_DISK_RESERVE_BYTES": "0",
            "DANPA_SWEEP_S": "0.5",
        }

    def danpa(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def serve(self) -> subprocess.Popen[str]:
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                env=self.environment,
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
                text=True,
            )
        self.served.append(process)
        return process

    def pid(self, name: str) -> int | None:
        return holder(self.run_dir / f"{name}.lock")

    def web_pid(self) -> int | None:
        path = self.run_dir / "web.json"
        return int(json.loads(path.read_bytes())["pid"]) if path.exists() else None

    def status(self, name: str) -> Any:
        path = self.run_dir / f"{name}.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def children(self) -> dict[str, int | None]:
        return {name: self.pid(name) for name in LOCKED} | {"web": self.web_pid()}

    def all_up(self) -> dict[str, int] | None:
        found = self.children()
        pids = {name: pid for name, pid in found.items() if pid is not None and pid > 0 and is_alive(pid)}
        return pids if len(pids) == len(found) else None

    def clean_up(self) -> None:
        for process in self.served:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
        air = self.pid("air")
        if air is not None and air > 0:
            os.kill(air, signal.SIGTERM)


def is_alive(pid: int) -> bool:
    """Not a zombie either: a child of a killed parent may wait for somebody to collect it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def words(text: str) -> str:
    """Without the line breaks that a narrow terminal puts in."""
    return " ".join(text.split())


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not is_alive(pid)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    yield made
    made.clean_up()


@pytest.fixture
def station(home: Home) -> Home:
    made = home.danpa("init", "--person", "김하늘")
    assert made.returncode == 0, made.stderr
    return home


def test_a_place_without_a_station_names_the_command_that_makes_one(home: Home) -> None:
    refused = home.danpa("serve")
    assert refused.returncode == 1
    assert "run `danpa init` first" in words(refused.stderr)
    assert "Traceback" not in refused.stderr


def test_from_the_start_over_many_deaths_to_an_orderly_end(station: Home) -> None:
    """One long story, because starting six processes takes longer than everything that happens to them."""
    first = station.serve()
    up = eventually(station.all_up)

    niceness = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in up.items()}
    at_most = os.getpriority(os.PRIO_PROCESS, 0)
    workers = {"worker-0", "worker-1"}
    assert {name for name, nice in niceness.items() if nice > at_most} == workers
    assert {name for name, pid in up.items() if os.sched_getscheduler(pid) == os.SCHED_BATCH} == workers

    second = station.danpa("serve")
    assert second.returncode == 1
    assert f"already runs in {station.folder} (process {first.pid})" in words(second.stderr)

    for pid in up.values():
        os.kill(pid, signal.SIGKILL)
    again = eventually(lambda: (now := station.all_up()) and not set(now.values()) & set(up.values()) and now)
    assert first.poll() is None

    # The supervisor is killed: everything ends by itself but for the air, which the next one would adopt if it fed
    # anybody. An idle one may be of an older release, and is replaced.
    first.kill()
    first.wait()
    for name, pid in again.items():
        if name != "air":
            eventually(gone(pid))
    assert is_alive(again["air"])
    heir = station.serve()
    after = eventually(
        lambda: (now := station.all_up()) and not set(now.values()) & set(again.values()) and now
    )

    assert (station.folder / "log").read_text().count("Traceback") == 0

    # An orderly end takes the idle air along.
    heir.send_signal(signal.SIGTERM)
    assert heir.wait(60) == 0
    for pid in after.values():
        eventually(gone(pid))
    assert not {name: pid for name, pid in station.children().items() if pid is not None and name != "web"}


def test_whoever_has_not_written_its_number_is_not_signalled(tmp_path: Path) -> None:
    """-1 as a process id means "everybody" to the kernel."""
    path = tmp_path / "air.lock"
    lock = Lock(path)
    assert lock.acquire()
    path.write_text("")
    probe = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from pathlib import Path; from app.locks import holder; print(holder(Path({str(path)!r})))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert probe.stdout.strip() == "-1"
    witness = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    code = (
        f"import signal, os; os.kill = lambda *a: exit(7); from app.supervisor import _signal; _signal({-1})"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=REPOSITORY).returncode == 0
    _signal(2**22 + 1)  # one that is gone
    assert witness.poll() is None
    witness.kill()
    witness.wait()
    lock.release()
