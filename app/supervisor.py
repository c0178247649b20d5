"""The supervisor: keeps web, engine, workers and air alive, and ends them in order.

Its children learn of its death through a pipe, so that killing it leaves no orphan but one: the air process lives on
and is adopted by the next supervisor, because an airing must not notice an upgrade.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from app.locks import Lock, holder
from app.processes import PARENT_PIPE
from app.settings import Settings

log = structlog.get_logger()

CHECK_S = 0.2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
STABLE_S = 30.0
"""A child that lived this long is restarted at once when it dies; one that keeps dying waits longer each time."""

GRACE_S = 15.0


@dataclass
class Child:
    """One process that is kept alive."""

    name: str
    command: Sequence[str]
    detached: bool = False
    """The air process: it must not get our terminal's Ctrl-C, nor end with us."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    first_pause_s: float = FIRST_PAUSE_S
    pause_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.pause_s = self.first_pause_s


class AlreadyRunning(Exception):
    """Another supervisor serves this station."""


class Supervisor:
    """Runs the children of one station until told to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = Lock(settings.run_dir / "supervisor.lock")
        self._reading, self._writing = os.pipe()
        os.set_inheritable(self._reading, True)
        # In the order in which somebody waits for them: people, sites, and then those who work in the background.
        self.children = [
            Child("web", _command("web")),
            Child("engine", _command("engine")),
            # By itself, with as little to load as can be: killed, it is to be back on the air within two seconds
            Child("air", [sys.executable, "-m", "app.air"], detached=True, first_pause_s=0.0),
            *([Child("studio", _command("studio"))] if settings.studio_port is not None else []),
            *(
                Child(f"worker-{number}", _command("worker", str(number)))
                for number in range(settings.workers)
            ),
            Child("monitor", _command("monitor")),
        ]

    def run(self, stopping: threading.Event, ready: Callable[[], None] | None = None) -> None:
        """Keep everything alive until ``stopping`` is set.

        Raises:
            AlreadyRunning: there is one already.
        """
        if not self._lock.acquire():
            raise AlreadyRunning(
                f"Danpa already runs in {self.settings.root} (process {holder(self._lock.path)})"
            )
        (self.settings.run_dir / "web.json").unlink(missing_ok=True)
        try:
            while not stopping.is_set():
                for child in self.children:
                    self._look_after(child)
                if ready is not None and (self.settings.run_dir / "web.json").exists():
                    ready()
                    ready = None
                stopping.wait(CHECK_S)
        finally:
            self._end()
            self._lock.release()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            status = child.process.poll()
            if status is None:
                return
            if now - child.started_at > STABLE_S:
                child.pause_s = child.first_pause_s
            log.warning("process ended", child=child.name, status=status, again_in_s=child.pause_s)
            child.process, child.not_before = None, now + child.pause_s
            child.pause_s = min(max(child.pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        if now < child.not_before:
            return
        if child.detached and (adopted := holder(self.settings.run_dir / "air.lock")) is not None:
            # It was started by a supervisor before us, perhaps of an older release: it stays for as long as it feeds anybody
            if not _is_live(self.settings):
                _signal(adopted)
            return
        self._start(child)

    def _start(self, child: Child) -> None:
        environment = dict(os.environ)
        if not child.detached:
            environment[PARENT_PIPE] = str(self._reading)
        child.started_at = time.monotonic()
        try:
            child.process = subprocess.Popen(  # our own interpreter and our own arguments
                child.command,
                env=environment,
                pass_fds=() if child.detached else (self._reading,),
                stdin=subprocess.DEVNULL,
                # Ctrl-C goes to the whole terminal group; children end when we say so, in order.
                start_new_session=True,
            )
        except OSError as error:
            # No memory or no process number is left. That may pass, and the others live on meanwhile.
            log.warning("process cannot be started", child=child.name, error=str(error))
            child.not_before = child.started_at + LONGEST_PAUSE_S

    def _end(self) -> None:
        """Web first, so that nobody is told "yes" any more; the air process ends with us unless it feeds a live endpoint."""
        stopping = [child for child in self.children if child.process is not None]
        if _is_live(self.settings):
            log.info("a programme is on the air live: the air process stays")
            stopping = [child for child in stopping if not child.detached]
        elif (adopted := holder(self.settings.run_dir / "air.lock")) is not None:
            _signal(adopted)
        for child in stopping:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for child in stopping:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process did not end and is killed", child=child.name)
                child.process.kill()
                child.process.wait()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", *arguments]


def _is_live(settings: Settings) -> bool:
    try:
        return bool(json.loads((settings.run_dir / "air.json").read_bytes())["live"])
    except (OSError, ValueError, KeyError):
        return False


def _signal(process_id: int) -> None:
    if process_id <= 0:
        return  # the holder has not written its number yet; signalling -1 would end every process of ours
    try:
        os.kill(process_id, signal.SIGTERM)
    except ProcessLookupError:
        return
