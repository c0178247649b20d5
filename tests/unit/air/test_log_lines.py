"""Nothing that is wrong with the log is felt by who writes it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import structlog

from app.air import log_lines
from app.air.log_lines import LogLines
from tests.armed_airings import wait_until


def test_lines_come_through_in_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as stream:
        logger = structlog.wrap_logger(
            structlog.WriteLogger(LogLines(stream.fileno())),  # type: ignore[arg-type]
            processors=[structlog.processors.KeyValueRenderer()],
        )
        for n in range(50):
            logger.info("on the air", n=n)
        wait_until(lambda: "n=49" in (tmp_path / "log").read_text(), "all are written")
    found = (tmp_path / "log").read_text().splitlines()
    assert [f"n={n}" in line for n, line in enumerate(found)] == [True] * 50


def test_a_pipe_that_nobody_reads_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_WAITING", 20)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as far, os.fdopen(writing, "wb") as near:
        lines = LogLines(near.fileno())
        for _ in range(200):
            lines.write("x" * 10_000)
        reader = threading.Thread(target=lambda: [far.read(10_000) for _ in range(20)])
        reader.start()
        reader.join(10)
        wait_until(lines._lines.empty, "what waited is written")


def test_a_log_that_fails_is_written_again_when_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries, is_broken = os.write, 0, True
    reading, writing = os.pipe()

    def write(descriptor: int, data: bytes) -> int:
        nonlocal tries
        if descriptor == writing:
            tries += 1
            if is_broken:
                raise BrokenPipeError
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with os.fdopen(reading, "rb") as far, os.fdopen(writing, "wb"):
        lines = LogLines(writing)
        lines.write("lost")
        wait_until(lambda: tries, "it was tried")
        is_broken = False
        lines.write("found")
        assert far.read(5) == b"found"
