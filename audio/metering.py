"""One run of ffmpeg that decodes, measures and perhaps writes, all in one pass.

The graph is split in three: the file to write (if any), raw samples for our own meters, and ebur128, whose figures
come as `key=value` lines through a pipe of their own. Nothing is probed beforehand and no log is scraped.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np

from audio.errors import AudioError, EncodeFailed
from audio.ffmpeg import Ffmpeg
from audio.levels import Samples
from audio.pcm import gain_to_db

# ebur128 says -70 (its absolute gate) when no block was loud enough to count; below -120.691 it says nothing better.
_GATE_LUFS: Final = -70.0
# A sink must stay a whole number of waveform buckets and small: one second.
_FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Loudness:
    """What BS.1770 says of one channel (`dualmono` off). `None` where nothing was loud or long enough to measure.

    `momentary_max_lufs` is the loudest 400 ms; `true_peak_dbtp` is minus infinity for digital silence.
    """

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    true_peak_dbtp: float


class _Report:
    """Reads ebur128's lines from a pipe: the last integrated value, the highest momentary one and peak."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._integrated = self._momentary = -math.inf
        self._peak = 0.0
        self._thread = threading.Thread(target=self._read, name="ebur128", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with os.fdopen(self._fd, encoding="ascii", errors="replace") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break  # the run was killed in the middle of it
                key, _, value = line.partition("=")
                if key == "lavfi.r128.I":
                    self._integrated = float(value)
                elif key == "lavfi.r128.M":
                    self._momentary = max(self._momentary, float(value))
                elif key == "lavfi.r128.true_peak":
                    self._peak = max(self._peak, float(value))

    def result(self, sample_peak: float) -> Loudness:
        self._thread.join()
        # ffmpeg prints the peak with three decimals, which is too coarse for quiet sound: no peak is under its samples.
        return Loudness(
            integrated_lufs=_measured(self._integrated),
            momentary_max_lufs=_measured(self._momentary),
            true_peak_dbtp=gain_to_db(max(self._peak, sample_peak)),
        )


def _measured(lufs: float) -> float | None:
    return lufs if math.isfinite(lufs) and lufs > _GATE_LUFS else None


@dataclass(frozen=True, slots=True)
class MeteredRun:
    """What came out of one pass. `status` is ffmpeg's exit status, `complaints` the end of its error log."""

    samples: int
    loudness: Loudness
    status: int
    complaints: str


def metered_run(
    ffmpeg: Path,
    *,
    inputs: Sequence[str],
    chain: str,
    rate: int,
    timeout_s: float,
    sink: Callable[[Samples], None],
    output: Sequence[str] = (),
    output_chain: str = "anull",
    true_peak: bool = True,
    on_timeout: type[AudioError] = EncodeFailed,
) -> MeteredRun:
    """Decode `inputs` through the filter `chain` and give `sink` every block of one second, the last one shorter.

    `output` are the arguments of a file to write from the same sound, after `output_chain`. The chain must end in mono
    float at `rate`. An exception from `sink` ends the run at once. A failing ffmpeg does not raise here: the caller
    knows whether what came out is enough.
    """
    reader, writer = os.pipe()
    graph = _graph(
        chain, rate, report_fd=writer, output_chain=output_chain if output else None, true_peak=true_peak
    )
    arguments = [*inputs, "-filter_complex", graph]
    if output:
        arguments += ["-map", "[file]", *output]
    arguments += ["-map", "[raw]", "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
    report = _Report(reader)
    samples, sample_peak = 0, 0.0
    with Ffmpeg(
        ffmpeg, arguments, timeout_s=timeout_s, on_timeout=on_timeout, stdout=True, pass_fds=(writer,)
    ) as process:
        for block in _blocks(process.stdout, rate):
            samples += len(block)
            sample_peak = max(sample_peak, float(np.abs(block).max()))
            sink(block)
        status = process.finish()
        return MeteredRun(samples, report.result(sample_peak), status, process.complaints)


def _graph(chain: str, rate: int, *, report_fd: int, output_chain: str | None, true_peak: bool) -> str:
    peak = ":peak=true" if true_peak else ""
    meter = (
        f"ebur128=metadata=1:framelog=verbose{peak},ametadata=mode=print:file=pipe\\\\:{report_fd},anullsink"
    )
    pinned = f"aformat=sample_fmts=flt:channel_layouts=mono:sample_rates={rate}"
    # Momentary loudness needs 400 ms: what is shorter is measured with silence behind it. The blocks are equal in
    # size so that the same sound gives the same FLAC bytes whatever container it came in (seen with ffmpeg 9).
    head = f"[0:a:0]{chain},{pinned},asetnsamples=n=4096:p=0"
    measured = f"[meter]apad=whole_len={rate * 2 // 5},{meter}"
    if output_chain is None:
        return f"{head},asplit=2[raw][meter];{measured}"
    return f"{head},asplit=3[out][raw][meter];[out]{output_chain}[file];{measured}"


def _blocks(stream: IO[bytes], rate: int) -> Iterator[Samples]:
    while raw := stream.read(rate * _FLOAT_BYTES):
        yield np.frombuffer(raw[: len(raw) // _FLOAT_BYTES * _FLOAT_BYTES], dtype="<f4")
