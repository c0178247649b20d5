"""Transmitter sites, their feeds and contracts."""
