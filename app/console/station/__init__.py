"""The station itself: its people, keys and settings, and the first steps of a new one."""
