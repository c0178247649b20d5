"""An empty database of now, to be copied: a test that is not about migrations need not run twenty of them each time."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from app.database import migrate, open_database
from app.settings import Settings


def put_current(settings: Settings) -> None:
    """Lay a station's database, migrated and empty, where the settings say."""
    settings.make_directories()
    shutil.copyfile(_made_once(), settings.database_path)


@cache
def _made_once() -> Path:
    """One for each process that runs tests; a third of a second."""
    settings = Settings(home=Path(tempfile.mkdtemp(prefix="danpa-empty-")))
    settings.make_directories()
    database = open_database(settings)
    migrate(database)
    database.dispose()  # the last connection folds the write-ahead log into the file
    return settings.database_path
