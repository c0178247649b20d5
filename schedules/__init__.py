"""What should be on the air, and when: the pure half of Danpa.

Nothing here reads a clock, a file, a database or a network. Values come in, values go out: frozen dataclasses, aware
UTC datetimes, half-open spans `[start, end)`, lengths in samples at 48 kHz.

    errors      ScheduleError and its kinds: stable codes, messages a producer understands
    time        HHMM texts, Span, the UTC, KST and Pyongyang views, nights (noon to noon KST)
    season      A and B seasons, changing on the last Sundays of March and October at 01:00 UTC
    days        weekdays: ISO numbers inside, HFCC and EiBi numbers at the edges, the shift between KST and UTC
    slots       a recurring span -> its occurrences and the samples each must have
    clock       a programme's template, from and to JSON; elements, rules and hard_time are what it is made of
    candidates  a Request: the segments a compile may use and what they are compared by
    stages      clock + library -> the places of the programme in their order, each (stage) with its options
    ruler       time in ticks; rows: least costs along it; goals: what a good programme is, as one number
    timeline    the best way along the ruler, step by step (steps, choices, fills); track is what it is given
    search      best first, out of each conflict between items (conflicts, limits): proved to be the best
    layout      places -> sounds in samples: even pauses, fades; reasons, fitness and refusal say why, how good, why not
    compile     one Request -> one Rundown, or its best alternatives; single: stand-by, evergreen, interval signal
    edits       a producer's changes -> the clock by which the rest is fitted again
    rundown     the result: items with exact sample offsets and the reason for each, as canonical JSON
    announcing  what the station says of itself in Korean: facts -> tokens, one for each clip of its voice pack
    plan        snapshot + now -> what the engine should do next

The flow:  slots -> (clock + candidates) -> stages -> search along the timeline -> layout -> rundown.  `audio` renders the rundown;
`app` stores it.
"""
