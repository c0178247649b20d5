"""The sums of `edits.js` are those of `audio.edits`: where a place of the recording is heard, and the other way round."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.console import rendering
from audio.edits import Edits, Places, kept, length, merged

SAMPLES = 10_000

ASK = """
import { inCut, inRecording, inOrder, kept, samplesIn, samplesOf } from %s;
const cases = JSON.parse(process.argv[1]);
console.log(JSON.stringify({
  sums: cases.map(({ edits, places }) => ({
    kept: kept(edits), length: samplesOf(edits), removed: inOrder(edits).removed,
    there: places.map((at) => inCut(edits, at)), back: places.map((at) => inRecording(edits, inCut(edits, at))),
  })),
  times: ["3", "0:02.5", "1:02,25", "1:00:00", "", "x", "1:2:3:4", "-1"].map(samplesIn),
}));
"""


def some_edits(chance: random.Random) -> dict[str, Any]:
    first = chance.randrange(0, SAMPLES // 4)
    end = chance.randrange(SAMPLES // 2, SAMPLES)
    ranges = [sorted(chance.sample(range(SAMPLES), 2)) for _ in range(chance.randrange(5))]
    return {"first_sample": first, "end_sample": end, "removed": ranges, "covered": [], "gains": []}


def test_the_browser_counts_as_the_station_does(peer: Callable[[str], Path]) -> None:
    chance = random.Random(8)
    cases: list[dict[str, Any]] = [
        {"edits": some_edits(chance), "places": [chance.randrange(SAMPLES) for _ in range(10)]}
        for _ in range(200)
    ]
    script = ASK % json.dumps((rendering.HERE / "static" / "edits.js").as_uri())
    command = [str(peer("node")), "--no-warnings", "--input-type=module", "-e", script, json.dumps(cases)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert told["times"] == [144_000, 120_000, 2_988_000, 172_800_000, None, None, None, None]
    for case, sums in zip(cases, told["sums"], strict=True):
        said = case["edits"]
        removed = tuple((start, end) for start, end in said["removed"])
        edits = Edits(said["first_sample"], said["end_sample"], removed)
        assert sums["kept"] == [list(each) for each in kept(edits, SAMPLES)]
        assert sums["length"] == length(edits, SAMPLES)
        assert sums["removed"] == [list(each) for each in merged(removed)]
        places = Places(edits, SAMPLES)
        there = [places.in_cut(at) for at in case["places"]]
        assert sums["there"] == there
        if places.length:
            assert sums["back"] == [places.in_master(at) for at in there]
