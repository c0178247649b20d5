"""What went out, and how we know."""
