"""What waits to be approved."""
