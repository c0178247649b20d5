"""The migrations lead to what the models say, there and back, and `docs/schema.sql` shows where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Column, Engine, func, inspect, select, text

from app.database import alembic_config, current_revision, migrate, open_sqlite, schema_sql, writing
from app.library.models import Segment, SegmentSearch, SegmentTag
from app.models import SQLModel

COMMITTED = Path(__file__).parents[2] / "docs" / "schema.sql"
REFRESH = "docs/schema.sql is old. Look at the difference, then: .venv/bin/danpa schema > docs/schema.sql"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """An empty database file."""
    engine = open_sqlite(tmp_path / "danpa.db")
    yield engine
    engine.dispose()


def tables(database: Engine) -> set[str]:
    return set(inspect(database).get_table_names()) - {"alembic_version"}


def test_all_migrations_give_every_table_that_a_model_has(database: Engine) -> None:
    migrate(database)

    assert tables(database) == set(SQLModel.metadata.tables)


def test_models_and_migrations_do_not_differ(database: Engine) -> None:
    migrate(database)

    command.check(alembic_config(database))  # raises with the list of differences


def test_every_migration_can_be_undone(database: Engine) -> None:
    migrate(database)
    migrate(database, "base")

    assert tables(database) == set()
    assert current_revision(database) is None


def test_a_station_s_rows_survive_the_way_back_and_up_again(database: Engine) -> None:
    migrate(database)
    with database.begin() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in SQLModel.metadata.sorted_tables:
            if not connection.scalar(select(func.count()).select_from(table)):
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                values = ", ".join(a_value(column) for column in table.columns)
                connection.execute(text(f'INSERT INTO "{table.name}" ({columns}) VALUES ({values})'))  # noqa: S608 - names of ours

    migrate(database, "0007")
    migrate(database)

    with database.connect() as connection:
        lines = connection.scalar(text("SELECT count(*) FROM line"))
        segments = connection.scalar(text("SELECT count(*) FROM segment"))
        assert (lines, segments) == (1, 1)
        assert not connection.execute(text("PRAGMA foreign_key_check")).all()


def test_segments_that_were_there_before_are_found_like_new_ones(database: Engine) -> None:
    migrate(database)
    with writing(database) as session:
        at = datetime(2026, 11, 22, tzinfo=UTC)
        for title, tags in (("아침 뉴스", ["뉴스", "Daily"]), ("값 100%", [])):
            session.add(Segment(title=title, tags=tags, presenter="김하늘", kind="news", created_at=at))
    written = findable(database)

    migrate(database, "0015")
    migrate(database)

    assert findable(database) == written
    assert len(written) == 4


def findable(database: Engine) -> list[tuple[Any, ...]]:
    """All that segments are found by."""
    with database.connect() as connection:
        words = connection.execute(select(SegmentSearch).order_by("segment_id"))
        return [tuple(row) for rows in (words, connection.execute(select(SegmentTag))) for row in rows]


def a_value(column: Column[Any]) -> str:
    """Something that the column takes: every table gets one row, so that what points to another points to its first."""
    if column.foreign_keys:
        return "1"
    kind = str(column.type)
    return {"JSON": "'[]'", "DATE": "'2026-11-01'", "DATETIME": "'2026-11-01 00:00:00.000000'"}.get(kind, "1")


def test_up_down_and_up_again_gives_the_same_schema(database: Engine) -> None:
    migrate(database)
    first = schema_sql(database)
    migrate(database, "base")
    migrate(database)

    assert schema_sql(database) == first


def test_the_committed_schema_is_the_current_one(database: Engine) -> None:
    migrate(database)

    assert schema_sql(database) == COMMITTED.read_text(encoding="utf-8"), REFRESH
