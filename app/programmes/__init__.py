"""Programmes with their clocks, and the slots in which they air."""
