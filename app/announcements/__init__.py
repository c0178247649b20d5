"""Announcements that are always true: what the station says of an airing, made for it from what is so that night."""
