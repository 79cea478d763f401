"""How each engine is spoken to: SQLite's pragmas and locks, PostgreSQL's pool."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url

from app.db.base import db
from app.db.work import WRITES
from app.settings import make_folder

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A renewal that was committed must survive a power cut.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=15000",
    # Sorting and temporary indexes stay off the disk.
    "PRAGMA temp_store=MEMORY",
)


def configure(app: Flask, database_url: str) -> None:
    """Bind the application to its database and set the engine's habits."""
    url = make_url(database_url)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    if url.get_backend_name() == "sqlite":
        if url.database:
            make_folder("VIGIE_DATABASE_URL", Path(url.database).parent)
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 15}}
    else:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True, "pool_size": 10}
    db.init_app(app)
    if url.get_backend_name() == "sqlite":
        with app.app_context():
            _speak_sqlite(db.engine)


def _speak_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # The driver's own transaction handling would begin late; BEGIN is ours.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        # Straight to the driver: every page begins twice.
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
