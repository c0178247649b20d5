"""One segment: its sound, its edits, its details, and where it aired."""
