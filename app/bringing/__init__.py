"""Bringing what a station already has: folders and ZIP files of recordings, another system's library, a drop folder."""
