"""What the station says about itself, in Korean: who it is, the date, its times and frequencies, what comes next.

Pure, as the rest of `schedules`: facts come in, tokens go out, one for each clip of the station's voice pack. Whoever has
no clip for a token has its text.

    numbers      7515 -> 칠천오백십오, in parts that can be recorded; months and hours
    vocabulary   every fixed word and phrase: key -> text
    tokens       facts and a template -> the announcement as tokens
    checklist    what a station has to record
    length       how long it will be, about
    slate        the English words before a programme, for the site's operator
"""
