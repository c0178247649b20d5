"""Spliced programmes against full encodings: frame by frame, decoded by several decoders, and heard at every seam."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.encode import encode
from audio.hearing import Listener
from audio.ingest import Master, ingest
from audio.interval import synthesise_interval_signal
from audio.mix import Mix
from audio.prepare import LIMITER_MARGIN_DB, prepare
from audio.profile import SHORTWAVE, UNPROCESSED, Encoding, Profile
from audio.render import Artefact, Piece, render
from audio.splice import SpliceDoubted, plan
from audio.verify import measure
from tests.audio_files import RATE, voice, write_wav

FRAME = 1152
Signal = NDArray[np.float64]


def spoken(seconds: float, seed: int) -> Signal:
    """A voice that begins and ends within 10 ms, as people do, and not within one sample."""
    sound = voice(seconds, seed)
    rise = np.minimum(1.0, np.arange(len(sound)) / 480)
    return sound * rise * rise[::-1]


def on_grid(seconds: float) -> int:
    return round(seconds * RATE / FRAME) * FRAME


@dataclass(frozen=True)
class Studio:
    """Masters to make programmes of, and the ways to render them."""

    folder: Path
    ffmpeg: Path
    voices: list[Master]
    hammer: Master
    signal: Master

    def piece(self, master: Master, start: int, **changes: object) -> Piece:
        piece = Piece(master.path, master.sha256, start, master.samples, 0, master.loudness_lufs)
        return replace(piece, **changes)  # type: ignore[arg-type]

    def render(self, pieces: list[Piece], total: int, cache: str, **changes: object) -> Artefact:
        arguments = {
            "profile": SHORTWAVE,
            "encoding": Encoding("mp3"),
            "destination_dir": self.folder / "artefacts",
        }
        arguments |= {"cache_dir": self.folder / cache, "ffmpeg": self.ffmpeg} | changes
        return render(pieces, total, **arguments)  # type: ignore[arg-type]

    def mix(self, pieces: list[Piece], total: int, profile: Profile = SHORTWAVE) -> Mix:
        """The programme's PCM."""
        cuts = [
            piece.cut(piece.first_sample + (self.signal.samples if piece.loop else piece.samples))
            for piece in pieces
        ]
        prepared = [prepare(cut, profile, cache_dir=self.folder / "full", ffmpeg=self.ffmpeg) for cut in cuts]
        limit = profile.ceiling_dbtp - LIMITER_MARGIN_DB
        return Mix(pieces, prepared, total, limit_dbfs=limit, ffmpeg=self.ffmpeg)

    def full(
        self, pieces: list[Piece], total: int, encoding: Encoding, profile: Profile = SHORTWAVE
    ) -> bytes:
        """The programme encoded from beginning to end, with nothing of the splice in between."""
        made = self.folder / "full.mp3"
        encode(self.mix(pieces, total, profile).blocks(), total, encoding, made, ffmpeg=self.ffmpeg)
        return made.read_bytes()


@pytest.fixture(scope="module")
def studio(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder = tmp_path_factory.mktemp("studio")

    def master(sound: Signal) -> Master:
        return ingest(write_wav(folder / "in.wav", sound), folder, ffmpeg=ffmpeg)

    lengths = [(9.3, 0.02), (4.0, 1.9), (6.1, 0.4), (0.9, 0.5), (7.7, 0.2)]
    voices = [master(spoken(seconds, seed) * gain) for seed, (seconds, gain) in enumerate(lengths, 1)]
    hammer = np.where(np.arange(5 * RATE) % 9600 < 30, 0.95, voice(5.0, 6) * 0.1)
    return Studio(folder, ffmpeg, voices, master(hammer), synthesise_interval_signal(folder, ffmpeg=ffmpeg))


def night(studio: Studio, second: int = 1) -> tuple[list[Piece], int]:
    """Everything that a rundown may have: pauses, fades, a cross-fade, pieces end to end and off the grid, a jingle of
    less than a second, attacks, the same piece twice, silence, the interval signal over and over."""
    one, _, three, jingle, five = studio.voices
    plan: list[tuple[Master, float, dict[str, object]]] = [
        (one, 0.0, {}),
        (studio.voices[second], 9.8, {"fade_in_samples": 4800}),
        (jingle, 18.0, {}),
        (three, 19.0, {"fade_out_samples": 2 * RATE}),
        (five, 24.0, {"fade_in_samples": RATE}),
        (studio.hammer, 32.0, {}),
        (one, 45.0, {"fade_out_samples": RATE}),
        (studio.signal, 55.0, {"loop": True, "samples": on_grid(33.0), "fade_out_samples": RATE // 2}),
    ]
    pieces = [studio.piece(master, on_grid(start), **changes) for master, start, changes in plan]
    last = pieces[-1].end_sample
    pieces.append(studio.piece(five, last))  # end to end, no pause
    pieces.append(studio.piece(three, last + five.samples))  # and this one begins off the grid
    return pieces, on_grid(110.0)


def frames_of(content: bytes, kbps: int = 128) -> NDArray[np.uint8]:
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, 3 * kbps)


@pytest.mark.parametrize("kbps", [64, 128, 192])
def test_a_spliced_programme_is_the_full_encoding_frame_by_frame(studio: Studio, kbps: int) -> None:
    encoding = Encoding("mp3", bitrate_kbps=kbps)
    before, total = night(studio, second=1)
    after, _ = night(studio, second=4)
    cold = studio.render(before, total, f"cache{kbps}", encoding=encoding)
    again = studio.render(before, total, f"cache{kbps}", encoding=encoding)
    changed = studio.render(after, total, f"cache{kbps}", encoding=encoding)
    for pieces, artefact in ((before, cold), (before, again), (after, changed)):
        full, made = (
            frames_of(studio.full(pieces, total, encoding), kbps),
            frames_of(artefact.path.read_bytes(), kbps),
        )
        assert len(made) == len(full) == artefact.frames == total // FRAME
        differing = np.flatnonzero((made != full).any(axis=1))
        assert list(differing) == []
        assert artefact.doubt == ""
    assert cold.encoded_frames == cold.frames
    assert again.encoded_frames is not None
    assert changed.encoded_frames is not None
    assert again.encoded_frames < total // FRAME // 4
    assert again.encoded_frames < changed.encoded_frames < total // FRAME // 3
    assert again.loudness_lufs == pytest.approx(cold.loudness_lufs, abs=0.002)
    assert again.peak_dbtp == pytest.approx(cold.peak_dbtp, abs=0.01)
    found = measure(changed.path, studio.ffmpeg)
    assert changed.loudness_lufs == pytest.approx(found.loudness_lufs, abs=0.002)
    assert changed.peak_dbtp == pytest.approx(found.peak_dbtp, abs=0.1)


def test_a_late_change_keeps_every_frame_before_it(studio: Studio) -> None:
    pieces, total = night(studio)
    late = [*pieces[:6], studio.piece(studio.voices[2], pieces[6].start_sample)]
    one, two = (studio.render(each, total, "late").path.read_bytes() for each in (pieces, late))
    same = (frames_of(one) == frames_of(two)).all(axis=1)
    assert same[: pieces[6].start_sample // FRAME - 2].all()
    assert not same[pieces[6].start_sample // FRAME :].all()


def test_silence_is_kept_too(studio: Studio) -> None:
    pieces = [studio.piece(studio.voices[1], on_grid(60.0))]
    studio.render(pieces, on_grid(120.0), "silence")
    again = studio.render([replace(pieces[0], start_sample=on_grid(90.0))], on_grid(300.0), "silence")
    assert again.encoded_frames is not None
    assert again.encoded_frames < 60
    assert again.path.read_bytes() == studio.full(
        [replace(pieces[0], start_sample=on_grid(90.0))], on_grid(300.0), Encoding("mp3")
    )


# ------------------------------------------------------------------ seams, as a listener hears them

Decoder = Callable[[Path], Signal]


def by_ffmpeg(ffmpeg: Path, codec: str) -> Decoder:
    def decode(path: Path) -> Signal:
        command = [
            str(ffmpeg),
            "-nostdin",
            "-v",
            "error",
            "-xerror",
            "-c:a",
            codec,
            "-f",
            "mp3",
            "-i",
            str(path),
        ]
        done = subprocess.run([*command, "-f", "f32le", "pipe:1"], capture_output=True, check=True)
        assert done.stderr == b""
        return np.frombuffer(done.stdout, dtype="<f4").astype(np.float64)

    return decode


def by_mpg123(mpg123: Path) -> Decoder:
    def decode(path: Path) -> Signal:
        command = [str(mpg123), "-q", "--no-gapless", "--no-resync", "-s", "-e", "f32", str(path)]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stderr == b""
        return np.frombuffer(done.stdout, dtype="<f4").astype(np.float64)

    return decode


@pytest.fixture(scope="module", params=["mp3float", "mp3", "mpg123"])
def decoder(request: pytest.FixtureRequest, ffmpeg: Path, peer: Callable[[str], Path]) -> Decoder:
    """ffmpeg's two decoders, floating point and fixed point, and one that shares no line with them."""
    if request.param == "mpg123":
        return by_mpg123(peer("mpg123"))
    return by_ffmpeg(ffmpeg, request.param)


def errors(heard: Signal, mix: Mix) -> Signal:
    """The energy of what each 6 ms of a decoded programme has that its PCM has not: the codec's noise, and clicks."""
    pcm = np.frombuffer(mix.read(0, mix.total_samples), dtype="<i2") / 32768
    # Frames 1 to N of LAME's decode 47 samples early
    wrong = heard[:-47] - pcm[47:]
    energy: Signal = (wrong[: len(wrong) // 288 * 288] ** 2).reshape(-1, 288).sum(axis=1)
    return energy


def worst_seam(heard: Signal, mix: Mix, seams: list[int]) -> float:
    """How many times the error within 50 ms of a seam is that of the noisiest other 6 ms of the programme."""
    energy = errors(heard, mix)
    near = np.zeros(len(energy), dtype=bool)
    for seam in seams:
        near[max(0, seam // 288 - 8) : seam // 288 + 8] = True
    assert near.mean() < 0.5
    return float(energy[near].max() / energy[~near].max())


def seams_of(pieces: list[Piece], total: int) -> list[int]:
    """Where kept frames may meet encoded ones: some frames inside of every edge and fade."""
    edges = {edge for each in pieces for edge in (each.start_sample, each.end_sample)}
    edges |= {each.start_sample + each.fade_in_samples for each in pieces}
    edges |= {each.end_sample - each.fade_out_samples for each in pieces}
    return [edge + away * FRAME for edge in edges for away in (-2, 6) if 0 < edge + away * FRAME < total]


def test_no_seam_clicks_in_any_decoder(studio: Studio, decoder: Decoder) -> None:
    pieces, total = night(studio)
    studio.render(pieces, total, "seams")
    artefact = studio.render(pieces, total, "seams")
    assert artefact.encoded_frames is not None
    assert artefact.encoded_frames < total // FRAME // 4
    heard = decoder(artefact.path)
    assert len(heard) == total
    assert worst_seam(heard, studio.mix(pieces, total), seams_of(pieces, total)) < 1.0
    full = studio.folder / "reference.mp3"
    full.write_bytes(studio.full(pieces, total, Encoding("mp3")))
    assert np.abs(heard - decoder(full)).max() == 0.0, "not a sample differs from a full encoding"


def test_the_measure_hears_a_frame_that_is_not_its_own(studio: Studio, decoder: Decoder) -> None:
    """One frame of the same voice in the place of another."""
    pieces, total = night(studio)
    frames = frames_of(studio.render(pieces, total, "seams").path.read_bytes()).copy()
    frames[150] = frames[160]
    broken = studio.folder / "broken.mp3"
    broken.write_bytes(frames.tobytes())
    assert worst_seam(decoder(broken), studio.mix(pieces, total), [150 * FRAME]) > 3.0


# ------------------------------------------------------------------ what is heard is what was meant


def test_a_file_that_is_not_the_programme_is_not_believed(studio: Studio) -> None:
    """As long, as loud, every frame whole: but one item is another."""
    meant, total = night(studio, second=1)
    other, _ = night(studio, second=4)
    nothing_kept = plan(total // FRAME, [], [])
    made = studio.folder / "heard.mp3"
    made.write_bytes(studio.full(meant, total, Encoding("mp3")))
    listener = Listener(nothing_kept, studio.mix(meant, total), made, 384, studio.ffmpeg)
    assert [(part.first, part.end) for part in listener.parts()] == [(0, total // FRAME)]
    assert listener.loudness_lufs == pytest.approx(measure(made, studio.ffmpeg).loudness_lufs, abs=0.001)
    with pytest.raises(SpliceDoubted, match="not sound as was meant"):
        list(Listener(nothing_kept, studio.mix(other, total), made, 384, studio.ffmpeg).parts())


def test_sound_that_the_codec_cannot_carry_is_encoded_whole_and_said(studio: Studio, tmp_path: Path) -> None:
    """16 kHz at 32 kbit/s: what comes out is silence, as asked for, and the artefact says that it is not what went in."""
    tone = 0.3 * np.sin(2 * np.pi * 16_000 * np.arange(6 * RATE) / RATE)
    master = ingest(write_wav(tmp_path / "tone.wav", tone), tmp_path, ffmpeg=studio.ffmpeg)
    encoding = Encoding("mp3", bitrate_kbps=32)
    pieces = [studio.piece(master, 0)]
    artefact = studio.render(pieces, on_grid(6.0), "tone", profile=UNPROCESSED, encoding=encoding)
    assert "not sound as was meant" in artefact.doubt
    assert artefact.encoded_frames == artefact.frames == on_grid(6.0) // FRAME


# ------------------------------------------------------------------ what is kept is not believed blindly


def kept_files(studio: Studio, cache: str) -> Iterator[Path]:
    return (studio.folder / cache).glob("*.frames")


def test_kept_frames_that_rotted_are_made_again(studio: Studio) -> None:
    pieces, total = night(studio)
    good = studio.render(pieces, total, "rot")
    for path in kept_files(studio, "rot"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    again = studio.render(pieces, total, "rot")
    assert (again.sha256, again.encoded_frames, again.doubt) == (good.sha256, good.frames, "")
    third = studio.render(pieces, total, "rot")
    assert third.encoded_frames is not None
    assert third.encoded_frames < total // FRAME // 4


def test_frames_of_another_piece_are_noticed_at_the_seam(studio: Studio) -> None:
    """Two tracks that changed their names, each whole in itself: the full path is taken, and the artefact says why."""
    pieces, total = night(studio)
    good = studio.render(pieces, total, "swap")
    one, two = sorted(kept_files(studio, "swap"), key=lambda path: path.stat().st_size)[-2:]
    for suffix in (".frames", ".json"):
        first, second = one.with_suffix(suffix), two.with_suffix(suffix)
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
    again = studio.render(pieces, total, "swap")
    assert (again.sha256, again.encoded_frames) == (good.sha256, good.frames)
    assert "not those that were kept" in again.doubt


def test_a_piece_that_the_codec_throws_over_the_ceiling_is_limited_lower_and_kept_so(
    studio: Studio, tmp_path: Path
) -> None:
    chance = np.random.default_rng(3)
    hiss = np.clip(chance.normal(0.0, 1.0, 6 * RATE), -1, 1)
    master = ingest(write_wav(tmp_path / "hiss.wav", hiss), tmp_path, ffmpeg=studio.ffmpeg)
    pieces = [studio.piece(studio.voices[0], 0), studio.piece(master, on_grid(12.0))]
    encoding, total = Encoding("mp3", bitrate_kbps=64), on_grid(24.0)
    one = studio.render(pieces, total, "hot", profile=UNPROCESSED, encoding=encoding)
    two = studio.render(pieces, total, "hot", profile=UNPROCESSED, encoding=encoding)
    assert one.sha256 == two.sha256
    assert measure(two.path, studio.ffmpeg).peak_dbtp <= UNPROCESSED.ceiling_dbtp
    unlimited = tmp_path / "unlimited.mp3"
    unlimited.write_bytes(studio.full(pieces, total, encoding, UNPROCESSED))
    assert measure(unlimited, studio.ffmpeg).peak_dbtp > UNPROCESSED.ceiling_dbtp, "it had to be"
    assert two.encoded_frames is not None
    assert two.encoded_frames < 100
    assert two.doubt == ""
