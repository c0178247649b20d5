"""What signal a frequency is expected to make at the target: asked of a slot, worked out by a worker, kept."""
