"""Who wrote what and when: every write through the API or the command line leaves one entry."""
