"""Transmitter sites and the schedule lines that carry a slot."""
