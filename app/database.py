"""The database: one SQLite file, opened the same way by every process.

Write transactions begin IMMEDIATE under WAL: deferred ones failed 633 of 1,600 concurrent writes here and plain
ones lost updates. Readers use ``reading()``, which never takes the write lock. No transaction may span I/O, a
subprocess or an await.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, create_engine

from app import models as _models  # noqa: F401 - every process knows every table
from app.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30
"""A writer waits this long for another one; every transaction here takes milliseconds."""


class NotInitialised(Exception):
    """There is no station in this folder, or its database is older than this version of Danpa."""


def open_database(settings: Settings) -> Engine:
    """Open the station's database file (it need not exist yet)."""
    return open_sqlite(settings.database_path)


def open_sqlite(path: Path) -> Engine:
    """Open one SQLite file with the pragmas that every process uses."""
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        hide_parameters=True,  # an error's text goes to the log, and titles and names do not
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(
            "PRAGMA synchronous=FULL"
        )  # a commit before the first byte is sent must be on the disk
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = "DEFERRED" if connection.get_execution_options().get("read_only") else "IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed at the end of the block, rolled back by an exception."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
        session.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent view of the database, without the write lock."""
    with Session(engine.execution_options(read_only=True), expire_on_commit=False) as session:
        yield session


class _Row(Protocol):
    id: int | None


def id_of(row: _Row) -> int:
    """The id of a row that is stored; SQLModel types it as optional because a new one has none."""
    if row.id is None:
        raise ValueError(f"{row!r} is not stored yet")
    return row.id


def alembic_config(engine: Engine) -> Config:
    """Alembic's configuration for this database, without an ini file.

    Alembic is imported where it is used: most processes never migrate, and it is a third of their start.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision (``head`` by default, ``base`` for none)."""
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(engine)
    current = current_revision(engine)
    target = ScriptDirectory.from_config(config).get_current_head() if revision == "head" else revision
    if current == target:
        return
    if revision == "base" or _is_older(config, revision, current):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _is_older(config: Config, revision: str, current: str | None) -> bool:
    if revision == "head" or current is None:
        return False
    from alembic.script import ScriptDirectory

    ancestors = {
        script.revision for script in ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    }
    return revision in ancestors


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty one."""
    from alembic.runtime.migration import MigrationContext

    with engine.execution_options(read_only=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_current(settings: Settings, engine: Engine) -> None:
    """Refuse to work on a place without a station or with an older schema.

    Raises:
        NotInitialised: names the command that helps.
    """
    if not settings.database_path.exists():
        raise NotInitialised(f"there is no station in {settings.root}: run `danpa init` first")
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(alembic_config(engine)).get_current_head()
    if current_revision(engine) != head:
        raise NotInitialised(
            f"the database in {settings.root} was made by another version of Danpa: run `danpa init` to bring it up to date"
        )


def schema_sql(engine: Engine) -> str:
    """Every table and index of a database as SQL, in a fixed order: ``docs/schema.sql`` is that of a new one."""
    query = (
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
        " ORDER BY tbl_name, type DESC, name"
    )
    with engine.connect() as connection:
        statements: list[str] = list(connection.exec_driver_sql(query).scalars())
    text = "\n\n".join(f"{statement};" for statement in statements).expandtabs(4)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
