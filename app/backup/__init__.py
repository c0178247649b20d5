"""Keeping what is needed and no more: backup, restore, garbage collection, and the check of what is kept."""
