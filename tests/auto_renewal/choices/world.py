"""What tests of choices share: people with roles, what they send, what stands."""

import re

from sqlalchemy import select

from app.db import db, transaction
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice, current_choice
from tests import make
from tests.auto_renewal.world import DOMAIN, text
from tests.pages import signed_in, submit


def member_of(app, *roles):
    """A client of a person with a role in each organization."""
    with app.app_context():
        person = make.user("Somebody")
        for organization, role in roles:
            make.member(person, organization, role)
    return signed_in(app, person)


def choice(app, page: str = DOMAIN) -> Choice:
    subject = page.split("/")[2]
    with app.app_context():
        return current_choice(
            db.session.scalars(select(Subscription).where(Subscription.subject == subject)).one()
        )


def sent(client, page: str, wish: dict):
    """Send only these fields and the version that the page shows, if it is shown at all."""
    shown = re.search(r'name="version"[^>]*value="([^"]+)"', text(client.get(page)))
    return submit(client, page, {"version": shown[1] if shown else "", **wish}, page="/")


def switched_on(app, payer) -> None:
    """Mailbox and domain renew by themselves, paid by `payer`."""
    with app.app_context(), transaction() as session:
        session.execute(
            db.update(Subscription).values(auto_renewal=True, billed_organization_id=payer.id)
        )
