"""Frequency schedules: lines, their files (HFCC, EiBi), when they are on the air, and what they do to each other.

Pure, as the rest of `schedules`: values come in, values go out.

    line         one line: kHz, times, days, dates, site, zones
    occurrences  lines over a span -> when each is on the air; columns and day_sets: lines and days as arrays
    conflicts    lines, and others' lines -> what they do to each other, by level (levels); sides and meetings: who meets whom, when
    findings     what is wrong with lines by themselves, at a season's change, and against what was booked
    bands        what is shortwave, and what is set aside for broadcasting
"""
