"""A note on a sound stands where that very sound is after an edit: compared sample for sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.audio_files import voice, write_wav
from tests.integration.library.stations import Service
from tests.integration.library.test_cuts import RATE, edit, sound
from tests.integration.library.test_segments import upload

HEARD = RATE // 10


def test_a_note_is_where_its_sound_is(service: Service, tmp_path: Path) -> None:
    segment_id = upload(service, write_wav(tmp_path / "talk.wav", voice(12)))
    service.station.ingest_all()
    talk = f"/api/v1/segments/{segment_id}"
    noted = {}
    first = sound(service, talk)
    for at in (4 * RATE + 17, 6 * RATE + 5, 9 * RATE + 1):
        answer = service.client.post(f"{talk}/notes", json={"text": "여기", "at_sample": at})
        assert answer.status_code == 201, answer.text
        noted[at] = first[at : at + HEARD]

    def compare() -> list[int | None]:
        newest = sound(service, talk)
        notes: list[dict[str, Any]] = service.client.get(f"{talk}/notes").json()["items"]
        for note in notes:
            at = note["at_newest_sample"]
            if at is not None:
                assert np.array_equal(newest[at : at + HEARD], noted[note["at_sample"]])
        return [note["at_newest_sample"] for note in notes]

    edit(service, talk, removed=[[2 * RATE + 3, 3 * RATE], [6 * RATE, 7 * RATE]])
    places = compare()
    assert [place is None for place in places] == [False, True, False]
    edit(service, talk, removed=[[2 * RATE + 3, 3 * RATE]], gain_db=2)
    assert None not in compare()
    edit(service, talk, gain_db=2)
    assert compare() == list(noted)
