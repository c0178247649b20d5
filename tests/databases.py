"""An empty database of now, to be copied: a test that is not about migrations need not run twenty of them each time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from app.database import migrate, open_database
from app.settings import Settings


def put_current(settings: Settings) -> None:
    """Lay a station's database, migrated and empty, where the settings say."""
    settings.make_directories()
    settings.database_path.write_bytes(_made_once())


@cache
def _made_once() -> bytes:
    """One for each process that runs tests; a third of a second."""
    with tempfile.TemporaryDirectory(prefix="danpa-empty-") as folder:
        settings = Settings(home=Path(folder))
        settings.make_directories()
        database = open_database(settings)
        migrate(database)
        database.dispose()  # the last connection folds the write-ahead log into the file
        return settings.database_path.read_bytes()
