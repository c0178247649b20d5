"""The station itself: its name and the audio that it airs when all else fails."""
