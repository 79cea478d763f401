"""Fixtures every test may ask for: the application on a fresh database, a client, a clock."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests import databases

pytest.register_assert_rewrite("tests.make", "tests.pages")
# A busy machine is no reason to fail.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

ROOT = Path(__file__).resolve().parent.parent
START = datetime.fromisoformat("2027-03-01T09:00:00+01:00")


def pytest_addoption(parser):
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config):
    # One server for all workers: the process that starts them starts it, they inherit its address.
    is_worker = hasattr(config, "workerinput")
    if config.getoption("database") == "postgresql" and not is_worker:
        config.add_cleanup(databases.start_postgres())


def pytest_report_header(config):
    return f"database: {config.getoption('database')}"


def pytest_terminal_summary(terminalreporter):
    skipped = [
        r for r in terminalreporter.stats.get("skipped", []) if "no Chromium" in str(r.longrepr)
    ]
    if skipped:
        terminalreporter.section("BROWSER TESTS SKIPPED", red=True)
        terminalreporter.line(
            f"{len(skipped)} tests found no Chromium and tested nothing.", red=True
        )


@pytest.fixture(scope="session")
def database(request):
    """Where the application keeps its data; migrated by `application`."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = databases.make_database(request.config.getoption("database"), worker)
    yield database
    database.drop()


@pytest.fixture(scope="session")
def listener():
    """A free loopback port, held for the session so that addresses in mails are known early."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture(scope="session")
def settings(database, listener, tmp_path_factory):
    from app.settings import Settings

    return Settings.model_validate(
        {
            "database_url": database.url,
            "sandbox": True,
            "secret_key": "only-for-the-tests",
            "public_url": f"http://localhost:{listener.getsockname()[1]}",
            "var_dir": tmp_path_factory.mktemp("var"),
        }
    )


@pytest.fixture(scope="session")
def application(settings, database):
    """The one application of this worker; tests ask for `app`, which comes with fresh data."""
    from flask_migrate import upgrade

    from app import create_app

    app = create_app(settings)
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
    _disconnect(app)
    database.keep_as_template()
    return app


@pytest.fixture
def app(application, database, settings) -> Iterator[Flask]:
    """The application on a migrated database without rows; no context is pushed."""
    from app.accounts.installation import forget_terms

    database.reset()
    shutil.rmtree(settings.var_dir)
    settings.var_dir.mkdir()
    with application.app_context():
        forget_terms()
    yield application
    _disconnect(application)


def _disconnect(app: Flask) -> None:
    from app.db import db

    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def db_context(app):
    """An application context, for tests of services and queries; returns the session."""
    from app.db import db

    with app.app_context():
        yield db.session


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def clock(app, monkeypatch):
    """The application's clock, stopped at nine in Paris on 1 March 2027."""
    from app.lib.clock import FixedClock

    clock = FixedClock(START)
    monkeypatch.setattr(app.extensions["vigie"], "clock", clock)
    return clock


@pytest.fixture
def live_server(app, listener, settings) -> Iterator[str]:
    """The same application behind a real port; returns its address."""
    with serve(app, listener):
        yield settings.public_url


@contextmanager
def serve(app: Flask, listener: socket.socket) -> Iterator[None]:
    server = make_server("localhost", 0, app, threaded=True, fd=listener.fileno())
    # Requests still running at the end are waited for: the database is replaced next.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
