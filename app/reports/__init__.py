"""Reception reports: who heard what of us, when, how well, and what was over it."""
