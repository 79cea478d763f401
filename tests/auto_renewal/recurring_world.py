"""What tests of recurring payment share: an organization with domains, its owner's browser."""

from html import unescape

from sqlalchemy import func, select

from app.db import db, transaction
from app.subscriptions.models import Subscription
from tests import make
from tests.pages import csrf_token, fields, signed_in

LIST = "/domains"
PAGE = "/domains/recurring"


class World:
    """Acme with a card and some domains, the first of which renews by itself already."""

    def __init__(self, app, domains: int = 4, *, balance: int = 100_000) -> None:
        with app.app_context():
            make.usual_prices()
            self.acme = make.organization("Acme", balance=balance)
            self.owner = make.owner(self.acme)
            self.card = make.card(self.acme)
            self.domains = [
                make.domain(self.acme, f"name{number:03}.org", on=number == 0)
                for number in range(domains)
            ]
        self.app = app
        self.client = signed_in(app, self.owner)

    def add(self, name: str, **how):
        with self.app.app_context():
            made = make.domain(self.acme, name, **how)
        self.domains.append(made)
        return made

    def set(self, statement) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(statement)

    def tick(self, domains=None, do: str = "keep", client=None):
        client = client or self.client
        ids = ",".join(str(one.id) for one in (self.domains if domains is None else domains))
        token = csrf_token(client.get("/profile").get_data(as_text=True))
        data = {"csrf_token": token, "domain": ids.split(","), "touched": ids, "do": do}
        return client.post("/domains/selection", data=data)

    def page(self, client=None, status: int = 200) -> str:
        answer = (client or self.client).get(PAGE)
        assert answer.status_code == status
        return unescape(answer.get_data(as_text=True))

    def send(self, html: str, client=None, **changes):
        return (client or self.client).post(PAGE, data=fields(html, PAGE) | changes)

    def rows(self) -> list[Subscription]:
        with self.app.app_context():
            return [
                db.session.get_one(Subscription, one.subscription_id)
                for one in self.domains
                if one.subscription_id
            ]

    def on(self) -> list[bool]:
        return [row.auto_renewal for row in self.rows()]

    def count(self, model: type, *where) -> int:
        with self.app.app_context():
            return db.session.scalars(select(func.count()).select_from(model).where(*where)).one()
