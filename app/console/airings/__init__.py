"""One airing: its rundown, and what people do with it."""
