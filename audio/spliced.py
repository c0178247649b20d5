"""The way of an MP3 at 48 kHz: look up what is kept, encode the rest, listen, keep what is new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from audio.errors import ArtefactBroken
from audio.ffmpeg import build_id
from audio.flac import flac_samples
from audio.hearing import Listener, Part
from audio.mix import Mix
from audio.pieces import Piece
from audio.prepare import LIMITER_MARGIN_DB, Cut, prepare_all, prepared_key
from audio.profile import MP3_FRAME_SAMPLES, Encoding, Profile
from audio.splice import Splice, SpliceDoubted, assemble, plan
from audio.stretches import Stretch, stretches
from audio.tracks import Track, TrackBroken, find_track, keep_track, track_key

# How much lower a piece is limited when it was over the ceiling as decoded, besides what it was over.
_STEP_DB: Final = 0.2
_TRIES: Final = 4
# A frame of silence is like another; half a second of them is one read
_SILENCE_CYCLE: Final = 25

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Spliced:
    """A finished file. `doubt` says why kept frames were not used, and is empty when they were or there were none."""

    sha256: str
    frames: int
    encoded_frames: int
    loudness_lufs: float | None
    peak_dbtp: float
    doubt: str


@dataclass(frozen=True)
class SplicedRender:
    """One render of `pieces`, which have passed `check`, into `made`. Progress is of the whole of it, 0 to 1."""

    pieces: Sequence[Piece]
    total_samples: int
    profile: Profile
    encoding: Encoding
    cache_dir: Path
    ffmpeg: Path
    made: Path
    tell: Tell

    def run(self) -> Spliced:
        """Raises `ArtefactBroken` when it stays over the ceiling, or does not decode; `EncodeFailed`."""
        lowered: dict[str, float] = {}
        doubt = ""
        for _ in range(_TRIES):
            try:
                result, over = self._attempt(lowered, doubt)
            except (SpliceDoubted, TrackBroken) as error:
                if doubt:
                    raise
                doubt = error.detail or error.message
                continue
            if not over:
                return result
            lowered |= over
        raise ArtefactBroken(f"Its true peak stays over {self.profile.ceiling_dbtp:g} dBTP.")

    def _attempt(self, lowered: dict[str, float], doubt: str) -> tuple[Spliced, dict[str, float]]:
        """One programme, and the pieces that have to be limited lower (in dB) for it to stay under the ceiling."""
        tracks = [None if doubt else self._find(stretch, lowered) for stretch in self._stretches]
        splice = plan(self.total_samples // MP3_FRAME_SAMPLES, self._stretches, tracks)
        lower = self._lower_of_pieces(splice, lowered)
        limit = self.profile.ceiling_dbtp - LIMITER_MARGIN_DB - max(lower, default=0.0)
        prepared = prepare_all(
            list(zip(self._cuts, lower, strict=True)),
            self.profile,
            cache_dir=self.cache_dir,
            ffmpeg=self.ffmpeg,
            tell=lambda share: self.tell(0.45 * share),
        )
        mix = Mix(self.pieces, prepared, self.total_samples, limit_dbfs=limit, ffmpeg=self.ffmpeg)
        sha256 = assemble(
            splice,
            mix,
            self.encoding,
            self.made,
            ffmpeg=self.ffmpeg,
            encoded=lambda share: self.tell(0.45 + 0.4 * share),
        )
        listener = Listener(splice, mix, self.made, self.encoding.frame_bytes or 0, self.ffmpeg)
        over: dict[str, float] = {}
        for part in listener.parts():
            self.tell(0.85 + 0.15 * part.end / splice.total_frames)
            excess = part.peak_dbtp - self.profile.ceiling_dbtp
            if excess > 0.0:
                over |= self._lower_by(part, lower, excess + _STEP_DB)
            elif part.stretch is not None:
                self._keep(part, self._stretches[part.stretch], lower, anew=bool(doubt))
        result = Spliced(
            sha256,
            splice.total_frames,
            splice.encoded_frames,
            listener.loudness_lufs,
            float(listener.peak_dbtp),
            doubt,
        )
        return result, over

    # ------------------------------------------------------------------ what there is

    @cached_property
    def _cuts(self) -> list[Cut]:
        return [piece.cut(flac_samples(piece.master)) for piece in self.pieces]

    @cached_property
    def _prepared_keys(self) -> list[str]:
        return [prepared_key(cut, self.profile, self.ffmpeg) for cut in self._cuts]

    @cached_property
    def _stretches(self) -> list[Stretch]:
        cycles = [
            cut.samples if piece.loop else None for piece, cut in zip(self.pieces, self._cuts, strict=True)
        ]
        return stretches(self.pieces, cycles, self.total_samples, silence_cycle=_SILENCE_CYCLE)

    @cached_property
    def _keys(self) -> dict[Stretch, str]:
        return {stretch: self._key(stretch) for stretch in self._stretches}

    def _key(self, stretch: Stretch) -> str:
        if stretch.piece is None:
            return track_key(f"silence {build_id(self.ffmpeg)}", self.encoding, phase=0, loop_samples=None)
        piece = self.pieces[stretch.piece]
        return track_key(
            self._prepared_keys[stretch.piece],
            self.encoding,
            phase=piece.start_sample % MP3_FRAME_SAMPLES,
            loop_samples=piece.samples if piece.loop and stretch.cycle is None else None,
        )

    def _find(self, stretch: Stretch, lowered: dict[str, float]) -> Track | None:
        """What is kept of a stretch, unless it was limited otherwise than is wanted now."""
        track = find_track(self.cache_dir, self._keys[stretch])
        if track is None or stretch.piece is None:
            return track
        wanted = lowered.get(self._prepared_keys[stretch.piece], track.lower_db)
        return track if track.lower_db == wanted else None

    # ------------------------------------------------------------------ limiting lower

    def _lower_of_pieces(self, splice: Splice, lowered: dict[str, float]) -> list[float]:
        """For each piece how much lower than usual it is limited."""
        lower = [lowered.get(key, 0.0) for key in self._prepared_keys]
        for stretch, track in zip(splice.stretches, splice.tracks, strict=True):
            if stretch.piece is not None and track is not None:
                lower[stretch.piece] = track.lower_db
        return lower

    def _lower_by(self, part: Part, lower: Sequence[float], db: float) -> dict[str, float]:
        """The pieces that sound in a part, each with what it has to be limited lower by."""
        start, end = (part.first - 1) * MP3_FRAME_SAMPLES, (part.end + 1) * MP3_FRAME_SAMPLES
        return {
            self._prepared_keys[index]: lower[index] + db
            for index, piece in enumerate(self.pieces)
            if piece.start_sample < end and piece.end_sample > start
        }

    # ------------------------------------------------------------------ keeping

    def _keep(self, part: Part, stretch: Stretch, lower: Sequence[float], *, anew: bool) -> None:
        """Keep a stretch, unless a longer one of the same piece is kept already."""
        first, end, origin = part.first, part.end, stretch.origin
        if stretch.cycle is not None:
            origin = first = first + -stretch.source_frame(first) % stretch.cycle
            end = first + stretch.cycle
            if end > part.end:
                return
        key = self._keys[stretch]
        lower_db = 0.0 if stretch.piece is None else lower[stretch.piece]
        known = None if anew else find_track(self.cache_dir, key)
        if known and known.lower_db == lower_db and known.count >= end - first:
            return
        frame_bytes = self.encoding.frame_bytes or 0
        energies = part.energies.reshape(part.end - part.first, -1)[first - part.first : end - part.first]
        with self.made.open("rb") as frames:
            frames.seek(first * frame_bytes)
            keep_track(
                self.cache_dir,
                key,
                energies,
                frames,
                first=first - origin,
                end=end - origin,
                frame_bytes=frame_bytes,
                peak_dbtp=part.peak_dbtp,
                lower_db=lower_db,
            )
