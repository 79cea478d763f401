"""What stands of a service, and what was told of it."""

from sqlalchemy import select

from app.db import db
from app.journal.models import JournalRow
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice, current_choice


def choice(app, service) -> Choice:
    with app.app_context():
        return current_choice(db.session.get_one(Subscription, service.subscription_id))


def events(app) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(
            select(JournalRow.event, JournalRow.subject).order_by(JournalRow.id)
        )
        return [(event, subject) for event, subject in rows]
