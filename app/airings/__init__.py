"""One slot on one day: its rundowns, its rendered audio, and what was aired."""
