"""The season: lines, conflicts, pools, moves and propagation."""
