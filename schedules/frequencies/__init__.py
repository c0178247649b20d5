"""Frequency schedules: lines, their files (HFCC, EiBi), when they are on the air, and what they do to each other.

Pure, as the rest of `schedules`: values come in, values go out.

    line         one line: kHz, times, days, dates, site, zones
    sunspots     the predicted sunspot number of a month
    propagation  how well a frequency is expected to reach the listener, hour by hour
    advice       the alternatives of a slot that is jammed or failing, ranked, with reasons
    chart        lines over time and frequency, as SVG (its bars and scales in chart_bars and chart_scales)
    zones        CIRAF zones and quadrants, from and to text
    text         what files share: encodings, line ends, problems by line and column
    hfcc         HFCC's fixed columns, from and to text
    eibi         EiBi's rows, from and to text, and their lines in a season (eibi_days, eibi_targets)
    season_diff  two versions of a season: added, gone, moved, changed
    occurrences  lines over a span -> when each is on the air; columns and day_sets: lines and days as arrays
    conflicts    lines, and others' lines -> what they do to each other, by level (levels); sides and meetings: who meets whom, when
    findings     what is wrong with lines by themselves, at a season's change, and against what was booked
    bands        what is shortwave, and what is set aside for broadcasting
"""
