"""What should be on the air, and when: the pure half of Danpa.

Nothing here reads a clock, a file, a database or a network. Values come in, values go out: frozen dataclasses, aware
UTC datetimes, half-open spans `[start, end)`, lengths in samples at 48 kHz.

    errors      ScheduleError and its kinds: stable codes, messages a producer understands
    time        HHMM texts, Span, the UTC, KST and Pyongyang views, nights (noon to noon KST)
    season      A and B seasons, changing on the last Sundays of March and October at 01:00 UTC
    days        weekdays: ISO numbers inside, HFCC and EiBi numbers at the edges, the shift between KST and UTC
    slots       a recurring span -> its occurrences and the samples each must have
    clock       a programme's template: fixed, pick, interval signal, fill
    candidates  the segments a compile may use: which match, which may air when, which comes first
    grid        the sample grid: what items and pauses take up on it
    choose      clock + candidates -> who sits where (required first, then optional ones by priority)
    layout      who sits where -> items, in the order of the clock; `fill` makes it exact, `pen` writes
    compile     one Request -> one Rundown; and the stand-by, evergreen and interval signal rundowns
    rundown     the result: items with exact sample offsets and the reason for each, as canonical JSON
    plan        snapshot + now -> what the engine should do next

The flow:  slots -> (clock + candidates) -> choose -> layout (fill, pen) -> rundown.  `audio` renders the rundown; `app` stores it.
"""
