"""The server as `make run` starts it: gunicorn and its configuration, the scheduler inside."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PATIENCE = 20


@pytest.fixture
def server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # The database is always a file: what is tried here is the process, not the engine.
    env = os.environ | {
        "PORT": str(port),
        "VIGIE_SANDBOX": "1",
        "VIGIE_VAR_DIR": str(tmp_path / "var"),
        "VIGIE_DATABASE_URL": f"sqlite:///{tmp_path}/vigie.sqlite3",
    }
    subprocess.run([BIN / "flask", "db", "upgrade"], cwd=ROOT, env=env, check=True)
    with subprocess.Popen([BIN / "gunicorn"], cwd=ROOT, env=env) as process:
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


def fetch(url: str) -> bytes:
    """What the server answers, once it listens."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_the_server_answers_and_ends_when_asked(server):
    process, url = server
    assert fetch(f"{url}/healthz") == b"ok\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
