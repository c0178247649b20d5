"""Work for the worker processes: ingest, compile, render, predict."""
