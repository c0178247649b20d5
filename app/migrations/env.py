"""Alembic's entry: runs the migrations on the engine that `app.database` hands over."""

from alembic import context

from app.models import SQLModel

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
