"""Nothing that is wrong with the log is felt by who writes it."""

from __future__ import annotations

import io
import os
import threading

import pytest
import structlog

from app.air import log_lines
from app.air.log_lines import LogLines
from tests.armed_airings import wait_until


def test_lines_come_through_in_order() -> None:
    stream = io.StringIO()
    lines = LogLines(stream)
    logger = structlog.wrap_logger(
        structlog.WriteLogger(lines),  # type: ignore[arg-type]
        processors=[structlog.processors.KeyValueRenderer()],
    )
    for n in range(50):
        logger.info("on the air", n=n)
    wait_until(lambda: "n=49" in stream.getvalue(), "all are written")
    assert [f"n={n}" in line for n, line in enumerate(stream.getvalue().splitlines())] == [True] * 50


def test_a_pipe_that_nobody_reads_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_WAITING", 20)
    reading, writing = os.pipe()
    with os.fdopen(reading, "r") as far, os.fdopen(writing, "w") as near:
        lines = LogLines(near)
        for _ in range(200):
            lines.write("x" * 10_000)
        reader = threading.Thread(target=lambda: [far.read(10_000) for _ in range(20)])
        reader.start()
        reader.join(10)
        wait_until(lines._lines.empty, "what waited is written")


class Broken(io.StringIO):
    """A pipe whose reader has ended, until it is mended."""

    is_broken = True
    tries = 0

    def write(self, text: str) -> int:
        self.tries += 1
        if self.is_broken:
            raise BrokenPipeError
        return super().write(text)


def test_a_log_that_fails_is_written_again_when_it_works() -> None:
    stream = Broken()
    lines = LogLines(stream)
    lines.write("lost")
    wait_until(lambda: stream.tries, "it was tried")
    stream.is_broken = False
    lines.write("found")
    wait_until(lambda: stream.getvalue() == "found", "it works again")
