"""Frequency schedules: lines, their files (HFCC, EiBi), when they are on the air, and what they do to each other.

Pure, as the rest of `schedules`: values come in, values go out.

    line         one line: kHz, times, days, dates, site, zones
"""
