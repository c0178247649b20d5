"""The service: settings, database, API, engine, workers, air, feeds, pages and the command line.

It is the only room that knows of a database, a network or the time; `schedules` and `audio` are its libraries.
"""

__version__ = "0.1.0"
