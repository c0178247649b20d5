"""What the engine and the web tell the pages: a table with a growing id."""
