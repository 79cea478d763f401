"""What tests of the auto-renewal page share: its two addresses, its text."""

from html import unescape

import pytest

from app.db import transaction
from app.subscriptions.models import Subscription

MAILBOX = "/mailboxes/info@example.org/auto-renewal"
DOMAIN = "/domains/example.org/auto-renewal"
BOTH = pytest.mark.parametrize("page", [MAILBOX, DOMAIN])


def text(answer) -> str:
    """What a page says, entities resolved."""
    return unescape(answer.get_data(as_text=True))


def change(app, service, **values) -> None:
    """Give a service's subscription other values."""
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, service.subscription_id)
        for name, value in values.items():
            setattr(row, name, value)
