"""Settings: read from the environment, and refused with a sentence that names what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import BadSettings, Settings, read_settings, unknown_variables

NO_FILE = Path("/nonexistent/.env")


def read(**environ: str) -> Settings:
    return read_settings(environ, NO_FILE)


def test_without_anything_set_there_is_a_database_below_var():
    found = read()
    assert found.database_url.startswith("sqlite:////")
    assert found.database_url.endswith("/var/vigie.sqlite3")


def test_the_database_follows_the_folder(tmp_path):
    assert read(VIGIE_VAR_DIR=str(tmp_path)).database_url == f"sqlite:///{tmp_path}/vigie.sqlite3"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_usual_address_of_postgresql_is_understood(scheme):
    found = read(VIGIE_DATABASE_URL=f"{scheme}://me@host/base")
    assert found.database_url == "postgresql+psycopg://me@host/base"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("VIGIE_TICK_SECONDS", "0", "must be at least 1 (it is '0')"),
        ("VIGIE_TICK_SECONDS", "soon", "must be a whole number"),
        ("VIGIE_SESSION_DAYS", "9999", "must be at most 365"),
        ("VIGIE_SANDBOX", "perhaps", "must be 1 or 0"),
        ("VIGIE_PUBLIC_URL", "portal.example", "must begin with http:// or https://"),
        ("VIGIE_DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql://"),
        ("VIGIE_MAIL_URL", "pigeon:", "must begin with file:, smtp:// or smtps://"),
        ("VIGIE_MAIL_URL", "smtp://me:pass/word@relay", "must end with a port from 1 to 65535"),
        ("VIGIE_MAIL_URL", "smtp://relay:99999", "must end with a port from 1 to 65535"),
        ("VIGIE_MAIL_BOUNCES_TO", "bounces", "must be an e-mail address"),
        ("VIGIE_MAIL_BOUNCES_TO", "a@b.example\r\nRCPT", "must be an e-mail address"),
        ("VIGIE_HOST_COLOUR", "red", "must look like"),
        ("VIGIE_HOST_LOGO", "https://elsewhere/logo.png", "must be a path of the portal itself"),
        ("VIGIE_DEFAULT_LANGUAGE", "de", "must be one of 'fr', 'en'"),
    ],
)
def test_a_bad_value_is_named_and_explained(variable, value, sentence):
    with pytest.raises(BadSettings) as refused:
        read(**{variable: value})
    assert str(refused.value).startswith(f"{variable}: {sentence}")


def test_a_password_is_not_repeated_in_the_sentence():
    with pytest.raises(BadSettings) as refused:
        read(VIGIE_DATABASE_URL="mysql://me:hunter2@host")
    assert "hunter2" not in str(refused.value)


def test_stripe_needs_its_secrets_which_are_not_repeated():
    with pytest.raises(BadSettings) as bad:
        read(VIGIE_GATEWAY="stripe", VIGIE_STRIPE_WEBHOOK_SECRET="whsec_1")
    assert str(bad.value) == "VIGIE_STRIPE_SECRET_KEY: is needed where VIGIE_GATEWAY is stripe"


def test_a_secret_can_be_a_file(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("s3cret\n")
    assert read(VIGIE_SECRET_KEY_FILE=str(secret)).secret_key == "s3cret"


def test_a_secret_file_that_is_missing_or_doubled_is_named(tmp_path):
    with pytest.raises(BadSettings, match=r"VIGIE_SECRET_KEY_FILE: .* cannot be read"):
        read(VIGIE_SECRET_KEY_FILE=str(tmp_path / "none"))
    (tmp_path / "key").write_text("x")
    with pytest.raises(BadSettings, match="both set"):
        read(VIGIE_SECRET_KEY_FILE=str(tmp_path / "key"), VIGIE_SECRET_KEY="y")


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text("VIGIE_HOST_NAME=From the file\nVIGIE_SESSION_DAYS=3\n")
    found = read_settings({"VIGIE_HOST_NAME": "From the environment"}, file)
    assert (found.host_name, found.session_days) == ("From the environment", 3)


def test_a_slip_of_the_pen_is_found():
    assert unknown_variables({"VIGIE_SANBOX": "1", "VIGIE_TEST_POSTGRES": "x", "PATH": "y"}) == [
        "VIGIE_SANBOX"
    ]


def test_the_start_stops_with_the_sentence_and_no_traceback():
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "doctor"],
        cwd=Path(__file__).parent.parent,
        env={"VIGIE_TICK_SECONDS": "0", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "VIGIE_TICK_SECONDS: must be at least 1 (it is '0')"
