"""Telling people outside that the night needs them."""
