from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.library.ingest import KEPT_SILENCE, cues


@given(st.integers(0, 10**6), st.integers(1, 10**7), st.integers(0, 10**6))
def test_all_sound_is_played_with_fifty_milliseconds_around_it(lead: int, sound: int, tail: int) -> None:
    samples = lead + sound + tail
    cue_in, cue_out = cues(samples, lead, tail)
    assert 0 <= cue_in <= lead < lead + sound <= cue_out <= samples
    assert lead - cue_in == min(lead, KEPT_SILENCE)
    assert cue_out - (lead + sound) == min(tail, KEPT_SILENCE)
