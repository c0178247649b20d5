"""What every process of the service does the same way: logs, the clock, and ending with its supervisor."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

Clock = Callable[[], datetime]
"""Says what time it is, in UTC. Only the outermost loops read one; everything else takes ``now``."""

PARENT_PIPE = "DANPA_PARENT_PIPE"
"""Environment variable with the number of the pipe whose other end the supervisor holds."""


def utcnow() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def configure_logs(process: str, *, json: bool) -> None:
    """Send structured lines to stderr, each with the name of its process."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the default prints local variables: keys, titles
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if json else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


BACKGROUND = 10
"""How nice a background process is, of 0 to 19: at 10 it gets about a tenth of what it contends for."""


def give_way() -> None:
    """Let everybody else go first on a busy processor; what this process starts inherits it.

    The kernel may weigh whole sessions against each other (``sched_autogroup``), and each of our processes has one of
    its own: niceness alone would then count for nothing. As a batch process it interrupts nobody else, and its own threads
    not each other: an ffmpeg of version 7 or newer hands every frame from thread to thread, and costs a tenth less so.
    """
    os.nice(BACKGROUND)
    with contextlib.suppress(AttributeError, OSError):  # Linux only, and a courtesy
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    for _ in range(10):
        try:
            Path("/proc/self/autogroup").write_text(str(BACKGROUND))
        except (
            BlockingIOError
        ):  # the kernel takes one such change in a tenth of a second from all of us together
            time.sleep(0.15)
        except OSError:
            return  # no such kernel, or not allowed to: it is only a courtesy
        else:
            return


SILENCE_S = 60.0
_told: dict[str, float] = {}


def is_news(trouble: str) -> bool:
    """Whether the log should hear of a trouble: at first and then once a minute, however often we look at it."""
    now = time.monotonic()
    if now - _told.get(trouble, -SILENCE_S) < SILENCE_S:
        return False
    for old in [one for one, at in _told.items() if now - at >= SILENCE_S]:
        del _told[old]
    _told[trouble] = now
    return True


def end_with_parent() -> None:
    """End this process in an orderly way when the supervisor is gone, even if that was killed.

    The supervisor holds the writing end of a pipe and never writes: reading returns when it dies.
    """
    number = os.environ.get(PARENT_PIPE)
    if number is None:
        return
    descriptor = int(number)

    def wait() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set: loops end at their next turn.

    The handler only writes to a pipe, and a thread sets the event: a second signal that came while the first one's
    handler was inside ``Event.set`` would wait for ever for the event's own lock.
    """
    stopping = threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        os.read(reading, 1)
        stopping.set()

    def tell(*_: object) -> None:
        with contextlib.suppress(BlockingIOError):  # the pipe is full of signals already
            os.write(writing, b"\0")

    threading.Thread(target=wait, name="stop-on-signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    # The interpreter takes its handlers down as it ends: one more signal then would make an orderly end look like a crash.
    atexit.register(_hear_no_more)
    return stopping


def _hear_no_more() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
