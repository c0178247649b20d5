"""The station's signing key, the seal on what we deliver, and the check that anybody can make of it."""
