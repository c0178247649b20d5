"""Where live sound goes: one driver for each protocol, all of them used in the same way."""
