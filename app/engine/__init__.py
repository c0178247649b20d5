"""The engine: the one writer of airing and handoff states, awake all night."""
