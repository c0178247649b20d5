"""The night as people see it: what needs a person, what is on the air, and every airing with its feeds."""
