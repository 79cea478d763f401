"""A dozen customers and what they do in a year, and by hand what they must be told, and when.

Each is named after a star, a word that stands in no text of ours: so a mail that tells one
customer about another is easily found. Day 0 is 1 March 2027.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from app.accounts import service as accounts
from app.accounts.installation import Context, terms
from app.accounts.models import Organization, User
from app.accounts.rules import Plan, Role
from app.alerts import preferences
from app.billing import cards
from app.billing.models import BillingContact
from app.db import transaction
from app.journal.service import Actor
from app.moves import service as moves
from app.renewals.manual import Wish, renew_now
from app.renewals.rules import Outcome
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from tests import make
from tests.alerts.world import at, day

STARS = (
    "Aldebaran", "Bellatrix", "Canopus", "Deneb", "Electra", "Fomalhaut", "Gacrux", "Hadar",
    "Izar", "Kochab", "Lesath", "Mimosa", "Naos", "Okab", "Pollux",
)  # fmt: skip

# Every mail of the year: day, type, step, and to whom: o(wner), t(echnical), b(illing), c(ontact),
# and anna, who owns two of them. A step with a minus sign is so many days before the day that
# matters; one with a plus sign after the opening, or after that day. What is no step of an alert
# has a kind only: mailboxes that ended, a suspension that is over.
TOLD = """
Aldebaran   Free plan; last seen on 21 November: 120 days are over on 21 March, day 20. Nobody
            comes, so it is suspended on day 50. The owner signs in on day 70, so all works again,
            and never again: the same from day 190 on.
             20 inactivity opening  oc
             27 inactivity +7       oc
             41 inactivity +21      oc
             47 inactivity +27      oc
             50 inactivity expiry   oc
             70 resumed             oc
            190 inactivity opening  oc
            197 inactivity +7       oc
            211 inactivity +21      oc
            217 inactivity +27      oc
            220 inactivity expiry   oc

Bellatrix   The same, last seen on 1 December; its owner comes whenever reminded.
             30 inactivity opening  oc
             37 inactivity +7       oc
            160 inactivity opening  oc
            167 inactivity +7       oc
            290 inactivity opening  oc
            297 inactivity +7       oc

Canopus     In debt from the beginning; pays on day 60, when it has long been suspended.
              0 negative_balance opening  anna b c
              3 negative_balance +3       anna b c
              7 negative_balance +7       anna b c
             14 negative_balance +14      anna b c
             20 negative_balance +20      anna b c
             21 negative_balance expiry   anna b c
             60 resumed                   anna c

Deneb       In debt from the beginning; pays on day 5. A new debt on day 100 is another alert.
              0 negative_balance opening  anna b c
              3 negative_balance +3       anna b c
            100 negative_balance opening  anna b c
            103 negative_balance +3       anna b c

Electra     In debt on day 10, pays on day 12; the same debt comes back on day 14: the same alert,
            with its dates, and no second opening (A10). Pays for good on day 18.
             10 negative_balance opening  o b c
             14 negative_balance +3       o b c
             17 negative_balance +7       o b c

Fomalhaut   Lets a generic name expire on day 100: ICANN's three notices too.
             40 domain_expiry opening  o t b c
             69 domain_expiry -31      o t b c
             85 domain_expiry -15      o t b c
             93 domain_expiry -7       o t b c
             97 domain_expiry -3       o t b c
             99 domain_expiry -1       o t b c
            101 domain_expiry +1       o t b c

Gacrux      A French name that renews by itself on day 60, thirty days before it ends.
             30 domain_expiry opening  o t b c
             59 domain_expiry -31      o t b c

Hadar       A French name that should renew by itself but cannot be paid: nobody tops up before
            day 110, between the attempts of days 105 and 113.
             60 unfunded_renewal opening  o b c
             60 domain_expiry opening     o t b c
             67 unfunded_renewal +7       o b c
             74 unfunded_renewal +14      o b c
             81 unfunded_renewal +21      o b c
             88 unfunded_renewal +28      o b c
             89 domain_expiry -31         o t b c
             90 unfunded_renewal -30      o b c
            105 unfunded_renewal -15      o b c
            105 domain_expiry -15         o t b c

Izar        A card that is good until 30 April, day 60; it is removed on day 80.
             30 card_expiry opening  o b c
             45 card_expiry -15      o b c
             53 card_expiry -7       o b c
             59 card_expiry -1       o b c
             61 card_expiry +1       o b c

Kochab      A move for day 60 that nobody applies: it is applied automatically.
              0 move opening  o t
             30 move half     o t
             53 move -7       o t
             59 move -1       o t

Lesath      The same move, applied by the customer on day 20.
              0 move opening  o t

Mimosa      All is well all year: a mailbox that renews every month, a name paid for long.

Naos        A generic name that ends on day 200; its owner wants no reminders of names, and gets
            what nobody can switch off: the first mail and ICANN's notices.
            140 domain_expiry opening  o t b c
            169 domain_expiry -31      o t b c
            185 domain_expiry -15        t b c
            193 domain_expiry -7       o t b c
            197 domain_expiry -3         t b c
            199 domain_expiry -1         t b c
            201 domain_expiry +1       o t b c

Okab        In debt until day 60, but none of its mails is ever accepted: nobody is told, so it is
            not suspended (A8), and the host has a task from day 21 on.

Pollux      Mailboxes that do not renew by themselves: two end on day 30, one of them is renewed by
            hand on day 35, until day 60, and left to end; a third ends on day 61.
             30 mailboxes_grace      o t c
             37 mailboxes_suspended  o t c
             60 mailboxes_grace      o t c
             61 mailboxes_grace      o t c
             67 mailboxes_deletable  o t c
             67 mailboxes_suspended  o t c
             68 mailboxes_suspended  o t c
             97 mailboxes_deletable  o t c
             98 mailboxes_deletable  o t c
"""

Row = tuple[int, str, str, str, str]
_LINE = re.compile(r" +(\d+) ([a-z_]+) +(?:(opening|half|expiry|[+-]\d+) +)?([a-z ]+)$")
ANNA = "anna@people.example"


def expected() -> set[Row]:
    """TOLD as rows: day, organization, type, step, recipient."""
    found, star = set[Row](), ""
    for line in TOLD.splitlines():
        if line[:1].strip():
            star = line.split()[0]
        elif known := _LINE.match(line):
            number, kind, step, people = known.groups()
            found |= {
                (int(number), star, kind, step or "", who) for who in _addresses(star, people)
            }
    return found


def _addresses(star: str, people: str) -> list[str]:
    anna = [ANNA] if "anna" in people else []
    letters = people.replace("anna", "").replace(" ", "")
    return anna + [f"{letter}@{star.lower()}.example" for letter in letters]


# What customers do, by the day on which they do it, before that day's tick.
Calendar = dict[int, list[Callable[[datetime], None]]]


def found_them() -> Calendar:
    """Make all customers as they stand on day 0; what they will do, by day."""
    make.usual_prices()
    make.price(Kind.DOMAIN, 12, 1200, "fr")
    make.price(Kind.DOMAIN, 12, 1400, "com")
    anna = make.user("Anna", email=ANNA, language="fr")
    calendar: defaultdict[int, list[Callable[[datetime], None]]] = defaultdict(list)

    _organization("Aldebaran", "o", plan=Plan.FREE)
    _last_seen("o@aldebaran.example", datetime(2026, 11, 21, 9, tzinfo=UTC))
    calendar[70].append(_sign_in("o@aldebaran.example"))

    _organization("Bellatrix", "o", plan=Plan.FREE)
    _last_seen("o@bellatrix.example", datetime(2026, 12, 1, 9, tzinfo=UTC))
    for number in (40, 170, 300):
        calendar[number].append(_sign_in("o@bellatrix.example"))

    canopus, deneb = _organization("Canopus", "b"), _organization("Deneb", "b")
    for indebted in (canopus, deneb):
        make.member(anna, indebted, Role.OWNER)
        make.money(indebted, -500)
    calendar[60].append(_pay(canopus, 500))
    calendar[5].append(_pay(deneb, 500))
    calendar[100].append(_pay(deneb, -200))
    calendar[105].append(_pay(deneb, 200))

    electra = _organization("Electra", "ob")
    for number, amount in ((10, -300), (12, 300), (14, -300), (18, 300)):
        calendar[number].append(_pay(electra, amount))

    make.domain(_organization("Fomalhaut", "otb"), "fomalhaut.org", expires_on=day(100))
    gacrux = _organization("Gacrux", "otb", balance=5000)
    make.domain(gacrux, "gacrux.fr", expires_on=day(90), on=True)
    hadar = _organization("Hadar", "otb")
    make.domain(hadar, "hadar.fr", expires_on=day(120), on=True)
    calendar[110].append(_pay(hadar, 1200))

    izar = _organization("Izar", "ob")
    card = make.card(izar, exp=(4, 2027))
    calendar[80].append(_remove_card(izar, card))

    kochab, lesath = _organization("Kochab", "ot"), _organization("Lesath", "ot")
    make.move(make.account(kochab, "kochab"), due_on=day(60))
    move = make.move(make.account(lesath, "lesath"), due_on=day(60))
    calendar[20].append(_apply(move))

    mimosa = _organization("Mimosa", "otb", balance=5000)
    well = make.domain(mimosa, "mimosa.org", expires_on=day(800), on=True)
    make.mailbox(well, mimosa, "info", expires_on=day(20), on=True)

    naos = _organization("Naos", "otb")
    make.domain(naos, "naos.com", expires_on=day(200))
    with transaction() as session:
        preferences.mute(session, "o@naos.example", ["domain_expiry"], now=at(day(0)))

    okab = _organization("Okab", "o", balance=-400)
    calendar[60].append(_pay(okab, 400))

    pollux = _organization("Pollux", "otb", balance=5000)
    name = make.domain(pollux, "pollux.fr", expires_on=day(900))
    for local, number in (("first", 30), ("second", 30), ("third", 61)):
        made = make.mailbox(name, pollux, local, anchor=day(number), months=0,
                            expires_on=day(number))  # fmt: skip
        if local == "first":
            calendar[35].append(_renew(made, pollux))
    return calendar


_ROLES = {"o": Role.OWNER, "t": Role.TECHNICAL, "b": Role.BILLING}


def _organization(star: str, people: str, *, plan: Plan = Plan.PAID, balance: int = 0) -> make.Made:
    """A customer of long standing with one member for each letter, and a billing contact."""
    made = make.organization(star, plan=plan, balance=balance)
    for letter in people:
        email = f"{letter}@{star.lower()}.example"
        make.member(make.user(letter.upper(), email=email), made, _ROLES[letter])
    with transaction() as session:
        session.execute(
            update(Organization)
            .where(Organization.id == made.id)
            .values(created_at=datetime(2025, 1, 1, tzinfo=UTC))
        )
        session.execute(
            update(BillingContact)
            .where(BillingContact.organization_id == made.id)
            .values(email=f"c@{star.lower()}.example")
        )
    return made


def _last_seen(email: str, when: datetime) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.email == email).values(last_login_at=when))


def _sign_in(email: str) -> Callable[[datetime], None]:
    def sign_in(now: datetime) -> None:
        here = accounts.Browser("127.0.0.1", "Tests/1.0", timedelta(days=14))
        with transaction() as session:
            user = session.scalars(select(User).where(User.email == email)).one()
            accounts.open_sign_in(session, user, here, now)

    return sign_in


def _pay(organization: make.Made, amount: int) -> Callable[[datetime], None]:
    return lambda _now: make.money(organization, amount)


def _renew(mailbox: make.MadeService, payer: make.Made) -> Callable[[datetime], None]:
    def renew(now: datetime) -> None:
        with transaction() as session:
            ends = session.get_one(Subscription, mailbox.subscription_id).expires_on
            wish = Wish(mailbox.subscription_id, ends, 1, payer.id, "by hand")
            assert renew_now(session, wish, Context(now, terms(), Actor())) is Outcome.RENEWED

    return renew


def _remove_card(organization: make.Made, card: make.Made) -> Callable[[datetime], None]:
    def remove(now: datetime) -> None:
        with transaction() as session:
            cards.remove(session, organization.id, card.name, Context(now, terms(), Actor()))

    return remove


def _apply(move: make.Made) -> Callable[[datetime], None]:
    def apply(now: datetime) -> None:
        with transaction() as session:
            assert moves.ask_for(session, move.id, tries=0, by=Actor(), now=now)

    return apply
