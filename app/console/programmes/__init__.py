"""Programmes: their clocks, slots and previews."""
