"""Approving: what waits for somebody's ear, notes on it, the signature under a rundown, and who is reminded."""
