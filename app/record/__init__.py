"""The record for people outside: what went out and what was delivered, as tables to keep and to print."""
