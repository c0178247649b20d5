"""A reception report, written on a phone."""
