"""Runs the migrations, for `alembic` on the command line and for `bot.storage.migrate`."""

from __future__ import annotations

import asyncio
import os
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, func, select
from sqlalchemy.pool import NullPool

from bot.storage.migrate import LOCK_KEY
from bot.storage.models import Base, UtcDateTime
from bot.storage.session import create_engine
from bot.storage.urls import make_parent_folder, parse_url, url_from_environment


def database_url() -> str:
    """Return the address that the caller hands in, else the environment's."""
    return context.config.attributes.get("url") or url_from_environment(os.environ)


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column type as the plain one that it is in the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def options() -> dict[str, Any]:
    """Return what holds for each way of running."""
    return {
        "target_metadata": Base.metadata,
        "render_as_batch": True,
        "compare_type": True,
        "compare_server_default": True,
        "transactional_ddl": True,
        "render_item": render_item,
        "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    }


def run_offline() -> None:
    """Write the SQL instead of executing it (`alembic upgrade head --sql`)."""
    context.configure(
        url=parse_url(database_url()), literal_binds=True, dialect_opts={"paramstyle": "named"}, **options()
    )
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction; other processes wait, on SQLite because each transaction locks."""
    context.configure(connection=connection, **options())
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))
        context.run_migrations()


async def run_online() -> None:
    """Connect and run the migrations; SQLite rebuilds tables, which foreign keys would turn into deletions."""
    url = database_url()
    make_parent_folder(parse_url(url))
    engine = create_engine(url, foreign_keys=False, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
