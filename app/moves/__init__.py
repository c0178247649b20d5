"""Changes of lines: asked of the sites, answered by them, and only then true; the pools they are chosen from; seasons."""
