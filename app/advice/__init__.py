"""Which frequency instead: the alternatives of a slot, ranked with reasons; a person decides."""
