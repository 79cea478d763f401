"""Every page, light and dark, on a desk and on a phone: what axe finds, and what a finger needs."""

from datetime import date, timedelta

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page
from sqlalchemy import select

from app.billing.rules import Decline, PaymentState, Purpose
from app.billing.service import ensure_wallet
from app.db import transaction
from app.jobs.service import tick
from app.moves.models import Move
from app.moves.rules import MoveState
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import Outcome, RenewalState
from app.subscriptions.notice_models import TacitNotice
from tests import make
from tests.invoices import papers

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# Smallest side of a control, in CSS pixels (WCAG 2.2, 2.5.8).
SMALLEST = 24

LONG_NAME = "Association pour la sauvegarde des phares et balises du littoral breton et normand"
LONG_DOMAIN = "tres-long-nom-de-domaine-tres-long-nom-de-domaine-tres-long-nom.example.org"
LONG_LOCAL = "prenom.nom.de.famille.compose.et.service.comptabilite.generale.x"

SIGNED_OUT = ("/login", "/password/forgotten", "/nowhere")
SIGNED_IN = (
    "/", "/alerts", "/alerts?type=move", "/alerts?show=past",
    "/domains", "/domains?view=advanced", "/domains?q=nothing", "/domains/renew",
    "/domains/renew?only=example.org", "/domains/recurring", "/domains/example.org",
    "/domains/example.org/mailboxes", "/domains/example.org/history", "/domains/late.org",
    f"/domains/{LONG_DOMAIN}", f"/domains/{LONG_DOMAIN}/mailboxes",
    "/domains/example.org/mailboxes/auto-renewal",
    "/domains/example.org/auto-renewal", "/domains/late.org/auto-renewal",
    "/domains/elsewhere.org/auto-renewal",
    "/domains/example.org/auto-renewal/limit", "/mailboxes/m00@example.org/auto-renewal/limit",
    "/mailboxes/m00@example.org", "/mailboxes/late@example.org",
    f"/mailboxes/{LONG_LOCAL}@{LONG_DOMAIN}",
    "/mailboxes/m00@example.org/auto-renewal", "/mailboxes/late@example.org/auto-renewal",
    f"/mailboxes/{LONG_LOCAL}@{LONG_DOMAIN}/auto-renewal",
    "/domains/example.org/leave", "/mailboxes/m00@example.org/leave",
    "/mailboxes/m00@example.org/renew", "/mailboxes/late@example.org/renew",
    "/domains/example.org/forwardings", "/domains/example.org/forwardings/new",
    "/domains/example.org/forwardings/contact@example.org/edit",
    "/domains/example.org/forwardings/contact@example.org/remove",
    "/billing", "/billing/statement", "/billing/statement?kind=refund", "/billing/top-up",
    "/billing/top-up?for=refused", "/billing/payments/on-page", "/billing/payments/transfer",
    "/billing/payments/refused", "/billing/payments/lost",
    "/billing/contacts", "/billing/contacts/new",
    "/billing/invoices", "/billing/invoices/F2027-000001", "/billing/invoices/A2027-000001",
    "/billing/proformas", "/billing/proformas/PF2027-000001",
    "/billing/cards", "/billing/cards/new", "/accounts", "/organization", "/profile", "/logout",
    "/nowhere",
)  # fmt: skip

# Those of the host; the numbers are those of what `camille` finds.
STAFF = (
    "/staff", "/staff/organizations", "/staff/organizations?q=nothing", "/staff/mails",
    "/staff/mails?state=failed", "/staff/mails/1", "/staff/alerts", "/staff/alerts/inactivity",
    "/staff/alerts/domain_expiry", "/staff/moves", "/staff/moves?state=running",
    "/staff/moves/new", "/staff/moves/went-wrong",
)  # fmt: skip

AXE_SCRIPT = AXE_FILE_PATH.read_text(encoding="utf-8")
AXE = "rules => axe.run({resultTypes: ['violations'], ...rules}).then(found => found.violations)"
ALL_RULES: dict[str, object] = {}
# The one rule whose answer depends on the scheme.
CONTRAST = {"runOnly": ["color-contrast"]}
# Links in running text are as high as the text.
TOO_SMALL = """smallest =>
  [...document.querySelectorAll('a[href], button, input, select, textarea')]
  .filter(control => control.checkVisibility({visibilityProperty: true}))
  .filter(control => !control.closest('p, dd, .sub') && control.type !== 'hidden')
  .map(control => (control.closest('label.box, label.check') ?? control))
  .map(control => [control.outerHTML.slice(0, 120), control.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < smallest || box.height < smallest))
  .map(([html, box]) => `${html} is ${Math.round(box.width)}×${Math.round(box.height)}`)
"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? null
  : `${document.documentElement.scrollWidth} wide: ` + [...document.body.querySelectorAll('*')]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
    .map(element => element.outerHTML.slice(0, 80)).slice(0, 3).join(' | ')
"""


@pytest.fixture
def marie(app, clock):
    """Owns everything that a page can show, much of it under long names."""
    with app.app_context():
        make.usual_prices()
        acme = make.organization(LONG_NAME, balance=5000)
        marie = make.owner(acme)
        make.member(make.user("Paul"), acme)
        make.member(marie, make.organization("Beta"))
        account = make.account(acme)
        make.move(account)
        make.card(acme)
        make.card(acme, exp=(2, 2027), holder="Marie")
        make.contact(acme)
        payments(acme)
        domain = make.domain(acme, "example.org", on=True, account=account)
        unannounced(domain, acme)
        for n in range(60):
            make.mailbox(domain, acme, f"m{n:02}", on=n % 2 == 0, used_bytes=n * 2**25)
        make.mailbox(domain, acme, "late", expires_on=make.TODAY - timedelta(days=3))
        make.forwarding(domain, to=("m00@example.org", f"{LONG_LOCAL}@{LONG_DOMAIN}"))
        make.domain(acme, "late.org", expires_on=date(2027, 2, 20))
        make.domain(acme, "elsewhere.org", external=True)
        papers.credit(papers.issue(acme, 999, 1500), reason="A reason that is given at length")
        papers.ask(acme, 1, 2)
        long = make.domain(acme, LONG_DOMAIN)
        make.mailbox(long, acme, LONG_LOCAL, on=True)
        for job in ("alerts", "mails"):
            tick(make.NOW, job)
        return marie


def unannounced(domain: make.MadeService, acme: make.Made) -> None:
    """It renewed by itself at the end of January, and nobody was told before (R17)."""
    began = date(2027, 1, 31)
    with transaction() as session:
        session.add(
            TacitNotice(
                subscription_id=domain.subscription_id, expires_on=began, at=make.NOW,
                refuse_by=began - timedelta(days=30), price=None, notice_missing=True,
            )
        )  # fmt: skip
        attempt = Attempt(
            subscription_id=domain.subscription_id, cur_expires_on=began, at=make.NOW,
            business_date=began - timedelta(days=30), trigger="daily", outcome=Outcome.RENEWED,
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        session.add(
            Renewal(
                subscription_id=domain.subscription_id, attempt_id=attempt.id, months=12,
                cur_expires_on=began, new_expires_on=date(2028, 1, 31), state=RenewalState.DONE,
                wallet_id=ensure_wallet(session, acme.id, "EUR"), price=1500, currency="EUR",
                claimed_at=make.NOW, ended_at=make.NOW,
            )
        )  # fmt: skip


def payments(acme: make.Made) -> None:
    """One of each state that has something to say."""
    card = make.card(acme)
    make.payment(acme, name="on-page", hosted_url="https://bank.example/page")
    make.payment(acme, name="transfer", gateway="manual", reference="RF34ABCDEFGHJK")
    make.payment(acme, name="lost", state=PaymentState.UNKNOWN, card=card)
    make.payment(
        acme, name="refused", state=PaymentState.DECLINED, purpose=Purpose.FUNDING, card=card,
        decline=Decline.AUTHENTICATION,
    )  # fmt: skip


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_can_be_used_by_everybody(open_page, visit, marie, viewport):
    wrong: list[str] = []
    page = open_page(viewport=viewport)
    for address in SIGNED_OUT:
        wrong += problems_at(page, address)
    page = visit(marie, "/profile", viewport=viewport)
    for address in SIGNED_IN:
        wrong += problems_at(page, address)
    for name, reach in SCENES.items():
        reach(page)
        wrong += problems(page, name)
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def camille(app, marie):
    """Operates the installation in which Marie is a customer; something has gone wrong in it."""
    with app.app_context():
        make.task("mail_failed", f"{LONG_LOCAL}@{LONG_DOMAIN}")
        with transaction() as session:
            move = session.scalars(select(Move)).one()
            move.public_id, move.state, move.result = "went-wrong", MoveState.FAILED, "Disk full"
            move.log = f"copying {LONG_DOMAIN}\nDisk full"
            mail = session.get_one(Mail, 1)
            mail.state, mail.problem = MailState.FAILED, f"550 <{LONG_LOCAL}@{LONG_DOMAIN}>: no"
        return make.operator("Camille")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_of_the_operator_can_be_used_by_everybody(visit, camille, viewport):
    page = visit(camille, "/staff", is_confirmed=True, viewport=viewport)
    wrong = [one for address in STAFF for one in problems_at(page, address)]
    page.goto("/staff/alerts/inactivity")
    page.get_by_label("Opens").fill("90")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("If you save this").wait_for()
    wrong += problems(page, "a preview of delays")
    page.goto("/staff/moves/new")
    page.get_by_role("button", name="Announce").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Announce").click()
    page.get_by_role("alert").wait_for()
    wrong += problems(page, "a move without anything")
    assert not wrong, "\n".join(wrong)


def test_the_html_of_a_mail_is_shown_and_leads_nowhere(visit, camille):
    page = visit(camille, "/staff/mails/1", is_confirmed=True)
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading").first.wait_for()
    assert page.evaluate("() => document.querySelector('iframe').contentDocument") is None


def problems_at(page: Page, address: str) -> list[str]:
    answer = page.goto(address)
    expected = 404 if address == "/nowhere" else 200
    if answer is None or answer.status != expected:
        return [f"{address}: not answered with {expected}"]
    return problems(page, address)


def problems(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands, in sentences that begin with its name."""
    page.evaluate(AXE_SCRIPT)
    found = axe(page, ALL_RULES)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in axe(page, CONTRAST)]
    page.emulate_media(color_scheme="light")
    found += page.evaluate(TOO_SMALL, SMALLEST)
    wide = page.evaluate(TOO_WIDE)
    found += [wide] if wide else []
    return [f"{name}: {one}" for one in found]


def axe(page: Page, rules: dict[str, object]) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in page.evaluate(AXE, rules)
        for node in one["nodes"]
    ]


def one_alert(page: Page) -> None:
    """What stands after its deadline, with mails that were accepted."""
    page.goto("/alerts")
    page.get_by_role("table").get_by_role("link", name="late.org has expired", exact=True).click()
    page.get_by_text("accepted by the mail server").first.wait_for()


def refused_forwarding(page: Page) -> None:
    page.goto("/domains/example.org/forwardings/new")
    page.get_by_label("Address").fill("not an address")
    page.get_by_label("Destinations").fill("nobody")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("alert").wait_for()


def open_row_menu(page: Page) -> None:
    page.goto("/domains/example.org/mailboxes")
    page.get_by_role("button", name="Actions for m01@example.org").click()


def ticked_rows(page: Page) -> None:
    page.goto("/domains/example.org/mailboxes")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all").wait_for()


def opened_dialog(page: Page) -> None:
    """Those ticked by `ticked_rows`, in the dialog."""
    page.get_by_role("button", name="Auto-renewal", exact=True).click()
    page.get_by_role("dialog").get_by_role("radio", name="Yearly").check()
    page.get_by_text("€500.00 in all").wait_for()


def page_over_many(page: Page) -> None:
    """The same without a script."""
    page.goto("/domains/example.org/mailboxes/auto-renewal")


def open_actions(page: Page) -> None:
    page.goto("/domains")
    page.get_by_label("Select all on this page").check()
    page.locator(".bulk").get_by_role("button", name="Recurring payment").wait_for()
    page.get_by_role("button", name="Actions", exact=True).click()


def recurring_for_all(page: Page) -> None:
    """With all that can be wrong: another holder, names that cannot be switched on."""
    page.get_by_role("menuitem", name="Recurring payment for all").click()
    page.get_by_label("Billing contact").select_option(label="Second office, Paris")
    page.get_by_text("have different names").wait_for()


def offered_undo(page: Page) -> None:
    page.goto("/mailboxes/m01@example.org/auto-renewal")
    page.get_by_role("switch").check()
    page.get_by_role("button", name="Update").click()
    page.get_by_role("button", name="Undo").wait_for()


def asked_for_a_move(page: Page) -> None:
    page.goto("/accounts")
    page.get_by_role("main").get_by_role("link").first.click()
    page.get_by_role("button", name="Apply now").click()
    page.get_by_text("Waiting its turn").wait_for()


# What a page shows only after a click.
SCENES = {
    "one alert": one_alert,
    "a move that was asked for": asked_for_a_move,
    "a forwarding refused": refused_forwarding,
    "an open row menu": open_row_menu,
    "ticked rows": ticked_rows,
    "the dialog over ticked rows": opened_dialog,
    "the page over ticked rows": page_over_many,
    "the menu over ticked domains": open_actions,
    "recurring payment for all": recurring_for_all,
    "a change that can be undone": offered_undo,
}
