"""What it costs to make a programme, beside other ways of doing it, measured in one run.

    python tests/bench/render.py                  # 60 minutes of 40 mixed files
    python tests/bench/render.py --minutes 6      # a short run
    python tests/bench/render.py --memory         # peak memory at 10 minutes, 1 hour and 10 hours

Each way runs in a process of its own. CPU time includes every ffmpeg that it starts; memory is the highest sum of
resident memory over the process and its children, looked at 50 times a second. On a busy machine trust the ratios of CPU,
not the wall clock.

What the rows do:

* ingest: all that is done once in a segment's life (decode, resample, mix down, master, loudness, true peak, waveform).
* all new: gain, band limits, compressor, limiter and level of every piece, encoder, decoded check with loudness and true peak.
* pieces prepared: the full path, with no frame kept: join, encode, decode, loudness, true peak.
* made, not yet heard: the same without the decoded check, which is never left out: what mixing and encoding alone cost.
* one item changed: the re-render after a late change, everything else kept from before.
* encoder alone: the same encoder with the same settings on the finished programme's PCM, read from one file.
* encoder and decoder alone: the same, and one plain decode of the result: the floor of a file that is checked at all.
* Ours run as the service's workers do (`app.processes.give_way`).
* plain ffmpeg, same work, as somebody would start it, and once more as a worker would: a loudness scan of each file for its gain; then one command that decodes, resamples, sets the gain,
  limits the band, compresses, limits, measures loudness and true peak, and encodes with the same settings; then a decode
  of the result that measures loudness and true peak again.
* pydub, the usual way: load, mono, 48 kHz, gain by RMS, add up, export. No band limit, limiter, or check.
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from app.processes import give_way  # noqa: E402
from audio.ffmpeg import find_ffmpeg  # noqa: E402
from audio.flac import flac_samples  # noqa: E402
from audio.ingest import ingest  # noqa: E402
from audio.mix import Mix  # noqa: E402
from audio.pcm import RATE  # noqa: E402
from audio.prepare import prepare_all  # noqa: E402
from audio.profile import MP3_FRAME_SAMPLES, SHORTWAVE, Encoding  # noqa: E402
from audio.render import Piece, render  # noqa: E402
from audio.splice import assemble, plan  # noqa: E402
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


def stored_pieces(work: Path) -> list[Piece]:
    stored = json.loads((work / "pieces.json").read_text())
    return [Piece(**{**each, "master": Path(each["master"])}) for each in stored]


def way_danpa(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    pieces = stored_pieces(work)
    _render(work, pieces, pieces[-1].end_sample, ffmpeg)


def way_full(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    for kept in (work / "cache").glob("*.frames"):
        kept.unlink()
    way_danpa(work, _, ffmpeg)


def way_made(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    pieces = stored_pieces(work)
    total = pieces[-1].end_sample
    cuts = [(piece.cut(flac_samples(piece.master)), 0.0) for piece in pieces]
    prepared = prepare_all(cuts, SHORTWAVE, cache_dir=work / "cache", ffmpeg=ffmpeg, tell=_untold)
    mix = Mix(pieces, prepared, total, limit_dbfs=SHORTWAVE.ceiling_dbtp, ffmpeg=ffmpeg)
    splice = plan(total // MP3_FRAME_SAMPLES, [], [])
    assemble(splice, mix, Encoding("mp3"), work / "made.mp3", ffmpeg=ffmpeg, encoded=_untold)


def _untold(_: float) -> None:
    pass


def way_changed(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    """Another stretch of the master of the item of median length: new sound in the same place."""
    pieces = stored_pieces(work)
    changed = sorted(range(len(pieces)), key=lambda index: pieces[index].samples)[len(pieces) // 2]
    piece = pieces[changed]
    pieces[changed] = replace(piece, first_sample=RATE // 2, samples=piece.samples - RATE // 2)
    _render(work, pieces, pieces[-1].end_sample, ffmpeg)


def way_encoder(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    ready = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", str(work / "ready.pcm")]
    _run(ffmpeg, *ready, *SAME_ENCODER, str(work / "ready.mp3"))


def way_codec(work: Path, sources: Sequence[Path], ffmpeg: Path) -> None:
    way_encoder(work, sources, ffmpeg)
    _run(ffmpeg, "-i", str(work / "ready.mp3"), "-f", "null", "-")


def way_pydub(work: Path, sources: Sequence[Path], _: Path) -> None:
    from pydub import AudioSegment

    programme = AudioSegment.empty()
    for source in sources:
        sound = AudioSegment.from_file(source).set_channels(1).set_frame_rate(RATE)
        programme += sound.apply_gain(-20.0 - sound.dBFS)
    programme.export(work / "pydub.mp3", format="mp3", bitrate="128k")


SAME_ENCODER = (
    "-c:a",
    "libmp3lame",
    "-b:a",
    "128k",
    "-compression_level",
    "7",
    "-reservoir",
    "0",
    "-write_xing",
    "0",
)
METER = "ebur128=metadata=1:peak=true:framelog=verbose"


def way_ffmpeg(work: Path, sources: Sequence[Path], ffmpeg: Path) -> None:
    mono = "aresample=48000:resampler=soxr:precision=20:rematrix_maxval=1,aformat=sample_fmts=flt:channel_layouts=mono"
    shape = (
        "highpass=100,lowpass=f=4500:t=q:w=0.5412,lowpass=f=4500:t=q:w=1.3066,"
        "acompressor=threshold=0.079:ratio=2:attack=10:release=300:knee=4,volume=1dB,alimiter=limit=0.63:level=0"
    )
    chains = []
    for index, source in enumerate(sources):
        chain = f"aformat=sample_fmts=fltp,{mono}"
        gain = -20.0 - _loudness(ffmpeg, source, chain)
        chains.append(f"[{index}:a:0]{chain},volume={gain:.2f}dB:precision=float,{shape}[s{index}]")
    joined = "".join(f"[s{index}]" for index in range(len(sources)))
    end = f"concat=n={len(sources)}:v=0:a=1,asplit=2[out][m];[m]{METER},anullsink"
    inputs = [argument for source in sources for argument in ("-i", str(source))]
    graph = ";".join([*chains, f"{joined}{end}"])
    made = str(work / "plain.mp3")
    _run(ffmpeg, *inputs, "-filter_complex", graph, "-map", "[out]", *SAME_ENCODER, made)
    _run(ffmpeg, "-i", made, "-af", METER, "-f", "null", "-")


def _loudness(ffmpeg: Path, source: Path, chain: str) -> float:
    meter = f"{chain},ebur128=metadata=1:framelog=verbose,ametadata=mode=print:key=lavfi.r128.I:file=-"
    done = _run(ffmpeg, "-i", str(source), "-af", meter, "-f", "null", "-")
    return max(-70.0, float(done.stdout.decode().splitlines()[-1].partition("=")[2]))


def _run(ffmpeg: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(ffmpeg), "-nostdin", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE)


def way_long(work: Path, _: Sequence[Path], ffmpeg: Path) -> None:
    """The same pieces over and over until `minutes` (a file beside) are full."""
    stored = stored_pieces(work)
    total = int((work / "minutes").read_text()) * 60 * RATE
    pieces: list[Piece] = []
    start = 0
    while start < total:
        for each in stored:
            samples = min(each.samples, total - start)
            if samples > 0:
                pieces.append(replace(each, start_sample=start, samples=samples))
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
    found = {
        "lufs": round(artefact.loudness_lufs or 0.0, 2),
        "dbtp": round(artefact.peak_dbtp, 2),
        "frames": artefact.frames,
        "encoded": artefact.encoded_frames,
        "doubt": artefact.doubt,
    }
    (work / "found.json").write_text(json.dumps(found))


WAYS: dict[str, Callable[[Path, Sequence[Path], Path], None]] = {
    "ingest": way_ingest,
    "danpa": way_danpa,
    "full": way_full,
    "made": way_made,
    "changed": way_changed,
    "encoder": way_encoder,
    "codec": way_codec,
    "pydub": way_pydub,
    "ffmpeg": way_ffmpeg,
    "long": way_long,
}


# ------------------------------------------------------------------ measuring


def measured(way: str, work: Path, ffmpeg: Path, *, background: bool = True) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    command = [sys.executable, __file__, "--way", way, "--work", str(work), "--ffmpeg", str(ffmpeg)]
    process = subprocess.Popen(command + ["--background"] * background, cwd=ROOT)
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
    rows: dict[str, Cost] = {}
    found: dict[str, str] = {}

    def row(name: str, way: str, *, background: bool = True) -> Cost:
        rows[name] = measured(way, work, ffmpeg, background=background)
        if way in {"danpa", "full", "changed"}:
            found[name] = (work / "found.json").read_text()
        return rows[name]

    ingested = row("ingest, once in a segment's life", "ingest")
    new = row("danpa, all new", "danpa")
    full = row("danpa, pieces prepared (full path)", "full")
    made = row("danpa, made, not yet heard", "made")
    changed = row("danpa, one item changed", "changed")
    row("danpa, nothing changed", "danpa")
    _run(
        ffmpeg,
        "-f",
        "mp3",
        "-i",
        str(next((work / "artefacts").iterdir())),
        "-f",
        "s16le",
        str(work / "ready.pcm"),
    )
    encoder = row("encoder alone, PCM ready", "encoder")
    codec = row("encoder and decoder alone", "codec")
    plain = row("plain ffmpeg, same work", "ffmpeg", background=False)
    batch = row("the same as a worker would start it", "ffmpeg")
    naive = None
    if shutil.which("ffprobe"):
        naive = row("pydub, the usual way", "pydub", background=False)
    else:
        console.print("no ffprobe on PATH: pydub cannot open these files and is left out")
    table = Table("way", "wall s", "CPU s", "peak MiB", "CPU ratio")
    for name, cost in rows.items():
        ratio = f"{cost.cpu_s / full.cpu_s:.2f}"
        table.add_row(name, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_mib:.0f}", ratio)
    console.print(table)
    verdicts = Table("what is asked", "at most", "is")
    verdicts.add_row("CPU: made, not yet heard / encoder alone", "1.25", f"{made.cpu_s / encoder.cpu_s:.2f}")
    verdicts.add_row("CPU: full path / encoder and decoder alone", "-", f"{full.cpu_s / codec.cpu_s:.2f}")
    verdicts.add_row("CPU: full path, heard / encoder alone", "(1.25)", f"{full.cpu_s / encoder.cpu_s:.2f}")
    everything = ingested.cpu_s + new.cpu_s
    verdicts.add_row("CPU: ingest and all new / plain ffmpeg", "0.75", f"{everything / plain.cpu_s:.2f}")
    verdicts.add_row("the same, both started by a worker", "-", f"{everything / batch.cpu_s:.2f}")
    verdicts.add_row("wall: one item changed / full path", "0.12", f"{changed.wall_s / full.wall_s:.3f}")
    verdicts.add_row("CPU: one item changed / full path", "-", f"{changed.cpu_s / full.cpu_s:.3f}")
    if naive:
        verdicts.add_row("memory: full path / naive pydub", "0.25", f"{full.peak_mib / naive.peak_mib:.2f}")
    console.print(verdicts)
    for name, text in found.items():
        console.print(f"{name}:", text)


def compare_memory(work: Path, ffmpeg: Path, console: Console) -> None:
    make_sources(work / "sources", 10, ffmpeg)
    measured("ingest", work, ffmpeg)
    table = Table("programme", "wall s", "CPU s", "peak MiB")
    for minutes in (10, 60, 600):
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
    parser.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(options.ffmpeg)
    if options.background:
        give_way()
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
