"""What it costs to make a programme, beside two other ways of doing it, measured in one run.

    python tests/bench/render.py                  # 60 minutes of 40 mixed files
    python tests/bench/render.py --minutes 6      # a short run
    python tests/bench/render.py --memory         # peak memory at 10 minutes, 1 hour and 3 hours

Each way runs in a process of its own. CPU time includes every ffmpeg that it starts; memory is the highest sum of
resident memory over the process and its children, looked at 50 times a second. On a busy machine trust the ratios of CPU,
not the wall clock.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from audio.ffmpeg import find_ffmpeg  # noqa: E402
from audio.ingest import ingest  # noqa: E402
from audio.pcm import RATE  # noqa: E402
from audio.profile import SHORTWAVE, Encoding  # noqa: E402
from audio.render import Piece, render  # noqa: E402
from tests.audio_files import voice, write_wav  # noqa: E402

FILES = 40
# What a station gets: studio WAV, phones' M4A, downloads of every kind
FORMS = (
    ("wav", "-ac", "2", "-ar", "44100", "-c:a", "pcm_s16le"),
    ("mp3", "-ac", "2", "-ar", "44100", "-c:a", "libmp3lame", "-b:a", "128k"),
    ("m4a", "-ac", "1", "-ar", "44100", "-c:a", "aac", "-b:a", "96k"),
    ("flac", "-ac", "1", "-ar", "48000", "-c:a", "flac"),
    ("mp3", "-ac", "1", "-ar", "22050", "-c:a", "libmp3lame", "-q:a", "4"),
    ("opus", "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "48k"),
    ("wav", "-ac", "1", "-ar", "48000", "-c:a", "pcm_s24le"),
    ("ogg", "-ac", "2", "-ar", "44100", "-c:a", "libvorbis", "-q:a", "4"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mib: float


def make_sources(folder: Path, minutes: float, ffmpeg: Path) -> list[Path]:
    """40 files that fill `minutes`, of very different lengths, levels and forms."""
    chance = np.random.default_rng(7)
    shares = chance.dirichlet(np.full(FILES, 1.5))
    base = write_wav(folder / "voice.wav", np.tile(voice(60.0, 1), int(max(shares) * minutes) + 2))
    sources = []
    for index, share in enumerate(shares):
        seconds = max(1.0, share * minutes * 60.0)
        extension, *arguments = FORMS[index % len(FORMS)]
        path = folder / f"{index:02d}.{extension}"
        level = f"volume={chance.uniform(-18, 5):.1f}dB"
        command = [
            str(ffmpeg),
            "-nostdin",
            "-v",
            "error",
            "-y",
            "-i",
            str(base),
            "-t",
            f"{seconds:.3f}",
            "-af",
            level,
        ]
        subprocess.run([*command, *arguments, str(path)], check=True)
        sources.append(path)
    base.unlink()
    return sources


# ------------------------------------------------------------------ the ways, each run in a process of its own


def way_ingest(work: Path, sources: Sequence[Path], ffmpeg: Path) -> None:
    start, pieces = 0, []
    for source in sources:
        master = ingest(source, work / "masters", ffmpeg=ffmpeg)
        piece = Piece(master.path, master.sha256, start, master.samples, 0, master.loudness_lufs)
        pieces.append({**asdict(piece), "master": str(master.path)})
        start += master.samples
    (work / "pieces.json").write_text(json.dumps(pieces))


def way_danpa(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    stored = json.loads((work / "pieces.json").read_text())
    pieces = [Piece(**{**each, "master": Path(each["master"])}) for each in stored]
    _render(work, pieces, pieces[-1].end_sample, ffmpeg)


def way_pydub(work: Path, sources: Sequence[Path], _: Path) -> None:
    from pydub import AudioSegment

    programme = AudioSegment.empty()
    for source in sources:
        sound = AudioSegment.from_file(source).set_channels(1).set_frame_rate(RATE)
        programme += sound.apply_gain(-20.0 - sound.dBFS)
    programme.export(work / "pydub.mp3", format="mp3", bitrate="128k")


def way_ffmpeg(work: Path, sources: Sequence[Path], ffmpeg: Path) -> None:
    inputs = [argument for source in sources for argument in ("-i", str(source))]
    shape = (
        "aresample=48000,aformat=sample_fmts=flt:channel_layouts=mono,volume=0dB,highpass=100,lowpass=4500"
    )
    chains = [f"[{index}:a:0]{shape}[s{index}]" for index in range(len(sources))]
    joined = "".join(f"[s{index}]" for index in range(len(sources)))
    graph = ";".join([*chains, f"{joined}concat=n={len(sources)}:v=0:a=1,alimiter=limit=0.63[out]"])
    output = ["-map", "[out]", "-c:a", "libmp3lame", "-b:a", "128k", str(work / "plain.mp3")]
    subprocess.run(
        [ffmpeg, "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", graph, *output], check=True
    )


def way_long(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    """The same pieces over and over until `minutes` (a file beside) are full."""
    stored = json.loads((work / "pieces.json").read_text())
    total = int((work / "minutes").read_text()) * 60 * RATE
    start, pieces = 0, []
    while start < total:
        for each in stored:
            samples = min(each["samples"], total - start)
            if samples > 0:
                changed = {"master": Path(each["master"]), "start_sample": start, "samples": samples}
                pieces.append(Piece(**{**each, **changed}))
                start += samples
    _render(work, pieces, total, ffmpeg)


def _render(work: Path, pieces: Sequence[Piece], total: int, ffmpeg: Path) -> None:
    artefact = render(
        pieces,
        total,
        profile=SHORTWAVE,
        encoding=Encoding("mp3"),
        destination_dir=work / "artefacts",
        cache_dir=work / "cache",
        ffmpeg=ffmpeg,
    )
    found = {"lufs": artefact.loudness_lufs, "dbtp": round(artefact.peak_dbtp, 2), "frames": artefact.frames}
    (work / "found.json").write_text(json.dumps(found))


WAYS: dict[str, Callable[[Path, Sequence[Path], Path], None]] = {
    "ingest": way_ingest,
    "danpa": way_danpa,
    "pydub": way_pydub,
    "ffmpeg": way_ffmpeg,
    "long": way_long,
}


# ------------------------------------------------------------------ measuring


def measured(way: str, work: Path, ffmpeg: Path) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    command = [sys.executable, __file__, "--way", way, "--work", str(work), "--ffmpeg", str(ffmpeg)]
    process = subprocess.Popen(command, cwd=ROOT)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _tree_bytes(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{way} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - began, cpu, peak / 2**20)


def _tree_bytes(pid: int) -> int:
    """Resident memory of a process and all its descendants (Linux)."""
    total, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            total += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def compare(work: Path, minutes: float, ffmpeg: Path, console: Console) -> None:
    console.print(f"{minutes:g} minutes of {FILES} files, {ffmpeg}")
    make_sources(work / "sources", minutes, ffmpeg)
    rows = [("ingest, once in a segment's life", measured("ingest", work, ffmpeg))]
    rows.append(("danpa, nothing prepared", measured("danpa", work, ffmpeg)))
    rows.append(("danpa, pieces prepared", measured("danpa", work, ffmpeg)))
    if shutil.which("ffprobe"):
        rows.append(("pydub, the usual way", measured("pydub", work, ffmpeg)))
    else:
        console.print("no ffprobe on PATH: pydub cannot open these files and is left out")
    rows.append(("one ffmpeg command", measured("ffmpeg", work, ffmpeg)))
    base = rows[2][1]
    table = Table("way", "wall s", "CPU s", "peak MiB", "CPU ratio", "memory ratio")
    for name, cost in rows:
        ratios = (f"{cost.cpu_s / base.cpu_s:.2f}", f"{cost.peak_mib / base.peak_mib:.2f}")
        table.add_row(name, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_mib:.0f}", *ratios)
    console.print(table)
    console.print("ratios are against danpa with pieces prepared;", (work / "found.json").read_text())


def compare_memory(work: Path, ffmpeg: Path, console: Console) -> None:
    make_sources(work / "sources", 10, ffmpeg)
    measured("ingest", work, ffmpeg)
    table = Table("programme", "wall s", "CPU s", "peak MiB")
    for minutes in (10, 60, 180):
        (work / "minutes").write_text(str(minutes))
        cost = measured("long", work, ffmpeg)
        table.add_row(f"{minutes} min", f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_mib:.0f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the programme")
    parser.add_argument("--memory", action="store_true", help="peak memory against length instead")
    parser.add_argument(
        "--ffmpeg", type=Path, default=None, help="which ffmpeg (default: as the service finds it)"
    )
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(options.ffmpeg)
    if options.way:
        WAYS[options.way](options.work, sorted((options.work / "sources").iterdir()), ffmpeg)
        return
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as name:
        work = Path(name)
        (work / "sources").mkdir()
        console = Console(width=110)
        if options.memory:
            compare_memory(work, ffmpeg, console)
        else:
            compare(work, options.minutes, ffmpeg, console)


if __name__ == "__main__":
    main()
