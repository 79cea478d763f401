"""Export: the same file again, whole or of one organization."""

import json
import string
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.db import transaction
from app.interchange import demo
from app.lib.dates import add_months
from app.moves.models import Move
from app.moves.rules import OPEN, MoveState
from tests.interchange.files import bent, example, exported, imported

pytestmark = pytest.mark.usefixtures("clock")

BETA = {
    "id": "beta", "name": "Beta", "country": "BE", "plan": "free", "balance": 0,
    "members": [{"user": "marie", "role": "viewer"}], "billing_contacts": [], "cards": [],
}  # fmt: skip


def fresh(database, app):
    """Empty the database, as for a new installation."""
    from app.accounts.installation import forget_terms
    from app.db import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        database.reset()
        forget_terms()


def test_the_example_comes_back_without_its_password(app, tmp_path):
    imported(app, tmp_path, example())
    assert exported(app) == bent(("users[0].password", None))


def test_export_import_export_gives_identical_files(app, database, tmp_path):
    imported(app, tmp_path, demo.document(date(2027, 3, 1)))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    runner = app.test_cli_runner()
    assert runner.invoke(args=["export", str(first)]).exit_code == 0
    fresh(database, app)
    imported(app, tmp_path, first.read_bytes())
    assert runner.invoke(args=["export", str(second)]).exit_code == 0
    assert second.read_bytes() == first.read_bytes()
    text = first.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert text.startswith('{\n  "vigie": 1,\n')
    assert "Marie Lefèvre" in text


def test_what_was_exported_is_all_there_already(app, tmp_path):
    imported(app, tmp_path, demo.document(date(2027, 3, 1)))
    result = imported(app, tmp_path, exported(app))
    assert "already there; nothing was changed" in result.stdout
    assert "left as it is" not in result.stdout


def test_one_organization_is_exported_without_the_others(app, tmp_path):
    john = {"id": "john", "email": "john@example.net", "name": "John"}
    imported(app, tmp_path, bent(
        ("users[1]", john),
        ("organizations[1]", BETA),
        ("accounts[1]", {"id": "beta-web", "organization": "beta", "plan": "free"}),
        ("domains[1]", {**example()["domains"][0], "name": "beta.org", "organization": "beta",
                        "account": None, "auto_renewal": None}),
        ("mailboxes[1]", {**example()["mailboxes"][0], "address": "info@beta.org"}),
        ("forwardings[1]", {"address": "x@beta.org", "to": ["a@b.org"]}),
        ("moves[1]", {"id": "m2", "account": "beta-web", "title": "M", "due_on": "2027-05-01"}),
    ))  # fmt: skip
    assert exported(app, "--organization", "acme") == bent(("users[0].password", None))
    beta = exported(app, "--organization", "beta")
    assert [row["id"] for row in beta["organizations"]] == ["beta"]
    assert [row["id"] for row in beta["users"]] == ["marie"]
    assert [row["name"] for row in beta["domains"]] == ["beta.org"]
    assert [row["address"] for row in beta["mailboxes"]] == ["info@beta.org"]


def test_a_payer_who_is_not_in_the_file_is_named(app, tmp_path):
    imported(app, tmp_path, bent(
        ("organizations[1]", BETA),
        ("mailboxes[0].auto_renewal.billed_organization", "beta"),
    ))  # fmt: skip
    result = app.test_cli_runner().invoke(args=["export", "-", "--organization", "acme"])
    assert "must be there when it is imported: beta" in result.stderr
    json.loads(result.stdout)


def test_an_organization_that_is_not_there_is_told(app, tmp_path):
    file = tmp_path / "x.json"
    result = app.test_cli_runner().invoke(args=["export", str(file), "--organization", "nobody"])
    assert (result.exit_code, file.exists()) == (1, False)
    assert 'no organization with the id "nobody"' in result.stderr


def test_a_folder_that_is_not_there_is_told(app):
    result = app.test_cli_runner().invoke(args=["export", "/nowhere/x.json"])
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr


def test_an_export_is_for_its_owner_only_and_leaves_no_draft(app, tmp_path):
    file = tmp_path / "folder" / "x.json"
    file.parent.mkdir()
    app.test_cli_runner().invoke(args=["export", str(file)])
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file]


days = st.dates(date(2026, 1, 1), date(2029, 12, 31))
words = st.text(string.ascii_letters + " éß漢'\"<&", min_size=1, max_size=20).filter(str.strip)
locals_ = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)


@st.composite
def mailboxes(draw):
    anchor, months, on = draw(days), draw(st.integers(0, 30)), draw(st.booleans())
    return {
        "address": draw(locals_) + "@example.org", "anchor": anchor.isoformat(),
        "expires_on": add_months(anchor, months).isoformat(),
        "period": draw(st.sampled_from(["monthly", "yearly"])),
        "quota_mib": draw(st.integers(1, 2**31 - 1)), "password": None,
        "auto_renewal": {
            "on": on, "period": draw(st.sampled_from(["monthly", "yearly"])),
            "billed_organization": "acme" if on else draw(st.sampled_from(["acme", None])),
        },
    }  # fmt: skip


@st.composite
def installations(draw):
    """A small installation, sorted as an export would write it."""
    boxes = draw(st.lists(mailboxes(), max_size=4, unique_by=lambda row: row["address"]))
    taken = {row["address"] for row in boxes}
    forwardings = [
        {"address": f"{local}@example.org", "to": to}
        for local, to in draw(
            st.dictionaries(
                locals_, st.lists(locals_.map("{}@x.org".format), min_size=1, unique=True),
                max_size=3,
            )
        ).items()
        if f"{local}@example.org" not in taken
    ]  # fmt: skip
    return bent(
        ("users[0].password", None),
        ("users[0].name", draw(words)),
        ("organizations[0].name", draw(words)),
        ("organizations[0].balance", draw(st.integers(-(10**12), 10**12))),
        ("organizations[0].plan", draw(st.sampled_from(["free", "paid"]))),
        ("domains[0].expires_on", (draw(days) + timedelta(1)).isoformat()),
        ("domains[0].auto_renewal.years", draw(st.integers(1, 10))),
        ("domains[0].auto_renewal.on", draw(st.booleans())),
        ("mailboxes", sorted(boxes, key=lambda row: row["address"])),
        ("forwardings", sorted(forwardings, key=lambda row: row["address"])),
    )


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=installations())
def test_any_installation_survives_import_and_export(app, database, tmp_path, document):
    fresh(database, app)
    imported(app, tmp_path, document)
    assert exported(app) == document


@pytest.mark.parametrize("state", list(MoveState))
def test_moves_that_are_over_are_history_and_not_brought_back(app, db_context, tmp_path, state):
    imported(app, tmp_path, example())
    with transaction() as session:
        lane = 1 if state is MoveState.RUNNING else None
        session.execute(
            update(Move).where(Move.public_id == "php85").values(state=state, lane=lane)
        )
    names = [move["id"] for move in exported(app)["moves"]]
    assert ("php85" in names) == (state in OPEN)
    imported(app, tmp_path, example())
    assert db_context.scalars(select(Move.state)).one() is state
