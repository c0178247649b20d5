"""The air process: what is armed goes out from here. It needs no database, no API and no queue."""
