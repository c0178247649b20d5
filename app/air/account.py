"""What one output has sent, and how far it is known to have come: run by run, for the record."""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.air.armed import Level
from app.air.booked import Booked
from app.air.clock import SECOND_NS, from_ns
from app.air.endpoints.contract import LiveEndpoint
from app.air.progress import Progress, Run
from app.air.recorder import Recorder
from app.air.timeline import Stretch

STALLED_NS = 5 * SECOND_NS
"""No acknowledgement for so long, while something waits for one: the connection is dead, whatever its state says."""

LOOK_NS = SECOND_NS // 2
"""The other side's acknowledgements are asked for this often: a system call each time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one step has written."""

    booked: Booked
    endpoint: LiveEndpoint
    stretch: Stretch
    data: bytes
    late_us: int


class Account:
    """One output's runs: a run is told when something else follows it, or its connection ends."""

    def __init__(self, feed_id: int, recorder: Recorder, progress: Progress) -> None:
        self._feed_id = feed_id
        self._recorder = recorder
        self._progress = progress
        self._run: Run | None = None
        self._heard_ns = self._looked_ns = self._written = self._accepted = 0

    @property
    def level(self) -> Level | None:
        """What is being sent just now."""
        run = self._run
        return run.level if run else None

    def begin(self, now_ns: int) -> None:
        """On a new connection nothing has been written yet."""
        self._heard_ns, self._looked_ns, self._written, self._accepted = now_ns, 0, 0, 0

    def is_stalled(self, now_ns: int) -> bool:
        return now_ns - self._heard_ns > STALLED_NS

    def note(self, sent: Sent, now_ns: int) -> None:
        """Put down what has been sent, and now and then what the other side has acknowledged."""
        run = self._going_on(sent) or self._begun(sent)
        self._written += len(sent.data)
        if now_ns - self._looked_ns >= LOOK_NS:
            taken = sent.endpoint.taken()
            if taken.accepted > self._accepted or taken.accepted >= taken.written:
                self._heard_ns = now_ns
            self._looked_ns, self._written, self._accepted = now_ns, taken.written, taken.accepted
        run.until = sent.stretch.at + sent.stretch.count
        run.written, run.accepted = self._written, self._accepted
        self._progress.store(run)

    def end(self, why: str | None, endpoint: LiveEndpoint | None) -> None:
        """Put the run on the record; ``why`` it ended, where something else does not follow it."""
        run, self._run = self._run, None
        if run is None:
            return
        if endpoint is not None:
            run.accepted = min(run.written, max(run.accepted, endpoint.taken().accepted))
        tell_run(self._recorder, self._progress, run, why)

    def _going_on(self, sent: Sent) -> Run | None:
        run, armed, stretch = self._run, sent.booked.booking.armed, sent.stretch
        track = sent.booked.tracks[stretch.level]
        if run is None or (run.airing_id, run.version, run.level, run.sha256, run.until) != (
            armed.airing_id, armed.version, stretch.level, track.sha256, stretch.at,
        ):  # fmt: skip
            return None
        # What stands in repeats
        return run if (run.first + run.until - run.at) % track.count == stretch.first else None

    def _begun(self, sent: Sent) -> Run:
        self.end(None, sent.endpoint)
        armed, stretch = sent.booked.booking.armed, sent.stretch
        run = self._run = Run(
            armed.airing_id, self._feed_id, armed.version, stretch.level, sent.booked.tracks[stretch.level].sha256,
            stretch.at, stretch.at, stretch.first,
        )  # fmt: skip
        self._progress.keep(run)
        return run


def tell_run(recorder: Recorder, progress: Progress, run: Run, why: str | None) -> None:
    """Put on the record what went out in one piece; ``why`` it ended, where it was not followed by something else."""
    detail: dict[str, object] = {
        "f": run.feed_id, "l": run.level, "n": [run.at, run.until], "k": run.first, "s": run.sha256[:12],
        "lag": run.written - run.accepted,
    }  # fmt: skip
    if why is not None:
        detail["why"] = why[:30]
    at = from_ns(time.time_ns())
    recorder.tell("sent", run.airing_id, run.version, at, detail, then=lambda: progress.give_back(run))
