"""The output itself is watched, not our intentions: a listener of our own at each live feed's other end."""
