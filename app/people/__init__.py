"""Who may do what: people, their keys, and the sessions of their browsers."""
