from __future__ import annotations

import pytest

from schedules.frequencies.bands import in_band, notes_on


@pytest.mark.parametrize("khz", [5900, 6200, 7450, 9400, 11600, 15800, 26100, 6003.5])
def test_the_edges_of_a_band_belong_to_it(khz: float) -> None:
    assert in_band(khz)
    assert notes_on(khz) == []


@pytest.mark.parametrize("khz", [5899.9, 6200.5, 7451, 7530, 11560, 30000])
def test_a_frequency_beyond_the_bands_gets_a_note(khz: float) -> None:
    assert [str(note) for note in notes_on(khz)] == [
        f"{khz} kHz lies outside the broadcasting bands: the site's administration must allow it"
    ]
