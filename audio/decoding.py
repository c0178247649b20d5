"""One run of ffmpeg that decodes, and perhaps writes, while the same sound comes here to be measured: nothing is probed, no log is scraped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np

from audio import filters
from audio.errors import AudioError, EncodeFailed
from audio.ffmpeg import Ffmpeg
from audio.meter import Samples

_FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class DecodedRun:
    """What came out of one pass. `status` is ffmpeg's exit status, `complaints` the end of its error log."""

    samples: int
    status: int
    complaints: str


def decoded_run(
    ffmpeg: Path,
    *,
    inputs: Sequence[str],
    chain: str,
    rate: int,
    timeout_s: float,
    sink: Callable[[Samples], object],
    output: Sequence[str] = (),
    output_chain: str = "anull",
    on_timeout: type[AudioError] = EncodeFailed,
) -> DecodedRun:
    """Decode `inputs` through the filter `chain` and give `sink` every block of one second, the last one shorter.

    `output` are the arguments of a file to write from the same sound, after `output_chain`. The chain must end in mono
    float at `rate`. An exception from `sink` ends the run at once. A failing ffmpeg does not raise here: the caller
    knows whether what came out is enough.
    """
    graph = _graph(chain, rate, output_chain if output else None)
    arguments = [*inputs, "-filter_complex", graph]
    if output:
        arguments += ["-map", "[file]", *output]
    arguments += ["-map", "[raw]", *RAW_OUTPUT]
    samples = 0
    with Ffmpeg(ffmpeg, arguments, timeout_s=timeout_s, on_timeout=on_timeout, stdout=True) as process:
        for block in float_blocks(process.stdout, rate):
            samples += len(block)
            sink(block)
        status = process.finish()
        return DecodedRun(samples, status, process.complaints)


def decoded_blocks(
    ffmpeg: Path, *, inputs: Sequence[str], chain: str, rate: int, timeout_s: float
) -> Generator[Samples, None, None]:
    """What `inputs` decode to through the filter `chain`, which must end in mono float at `rate`: blocks of one second, the last shorter.

    For whoever takes the sound at his own pace: nothing is read before it is asked for, and closing the iterator ends the
    run. Raises `EncodeFailed` at the end unless ffmpeg was content.
    """
    arguments = [*inputs, "-filter_complex", _graph(chain, rate, None), "-map", "[raw]", *RAW_OUTPUT]
    with Ffmpeg(ffmpeg, arguments, timeout_s=timeout_s, stdout=True) as process:
        yield from float_blocks(process.stdout, rate)
        process.wait()


RAW_OUTPUT: Final = ("-c:a", "pcm_f32le", "-f", "f32le", "pipe:1")
"""Output arguments for floats on ffmpeg's standard output, as `float_blocks` reads them."""


def _graph(chain: str, rate: int, output_chain: str | None) -> str:
    pinned = f"aformat=sample_fmts=flt:channel_layouts=mono:sample_rates={rate}"
    if output_chain is None:
        return f"[0:a:0]{chain},{pinned},{filters.IN_LARGE_BLOCKS}[raw]"
    # The blocks are equal in size so that the same sound gives the same FLAC bytes whatever container it came in (seen
    # with ffmpeg 9)
    split = f"[0:a:0]{chain},{pinned},asetnsamples=n=4096:p=0,asplit=2[out][near]"
    return f"{split};[out]{output_chain}[file];[near]{filters.IN_LARGE_BLOCKS}[raw]"


def float_blocks(stream: IO[bytes], samples: int) -> Iterator[Samples]:
    """What comes through a pipe, `samples` at a time, the last block shorter."""
    while raw := stream.read(samples * _FLOAT_BYTES):
        yield np.frombuffer(raw[: len(raw) // _FLOAT_BYTES * _FLOAT_BYTES], dtype="<f4")
