"""Live input: a studio connects to a mount of ours and takes over an airing that allows it."""
