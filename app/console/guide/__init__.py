"""The user guide, and what states and alarms mean."""
