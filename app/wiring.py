"""Picks the adapters of the outside world, the pages and the jobs: what runs, with what, when."""

from collections.abc import Callable
from datetime import time
from pathlib import Path

from flask import Flask

# Imported for their tables, which migrations and the mapper must know before the first query.
from app.accounts import models as _accounts  # noqa: F401
from app.accounts.installation import terms
from app.alerts import models as _alerts  # noqa: F401
from app.alerts.ended_mailboxes import ended_mailboxes
from app.alerts.jobs import alerts, card_readings_ahead
from app.alerts.tacit import tacit_notices, tacit_proofs
from app.auto_renewal import models as _auto_renewal  # noqa: F401
from app.billing import card_flows, events, payment_flows, refund_flows
from app.billing import models as _billing  # noqa: F401
from app.billing import payment_models as _payments  # noqa: F401
from app.billing.checks import check_balances
from app.billing.gateways import sandbox as sandbox_gateway
from app.billing.gateways import sandbox_models as _sandbox_gateway  # noqa: F401
from app.billing.gateways.guard import GuardedGateway
from app.billing.gateways.manual import ManualGateway
from app.billing.gateways.stripe import StripeGateway
from app.billing.ports import Gateway
from app.domains import models as _domains  # noqa: F401
from app.domains.ports import Registrar
from app.domains.registrars import sandbox
from app.domains.registrars.guard import GuardedRegistrar
from app.invoices import models as _invoices  # noqa: F401
from app.invoices.closing import close_days, expire_open
from app.jobs import models as _jobs  # noqa: F401
from app.jobs.clock import SandboxClock
from app.jobs.service import Job, Schedule
from app.journal import models as _journal  # noqa: F401
from app.lib.clock import SystemClock
from app.lib.registry import Registry
from app.mailboxes import models as _mailboxes  # noqa: F401
from app.mailboxes import states as mail_states
from app.mailboxes.ports import MailServer
from app.mailboxes.servers import sandbox as sandbox_mail
from app.mailboxes.servers.guard import GuardedMailServer
from app.moves import flows as move_flows
from app.moves import models as _moves  # noqa: F401
from app.moves import states as account_states
from app.moves.hosting import sandbox as sandbox_hosting
from app.moves.hosting.guard import GuardedHosting
from app.moves.ports import Hosting
from app.operator_tasks import models as _operator_tasks  # noqa: F401
from app.outbox import models as _outbox  # noqa: F401
from app.outbox.channels.file import FileChannel
from app.outbox.channels.smtp import SmtpChannel
from app.outbox.flows import drain
from app.outbox.ports import Channel
from app.renewals import announcements, early_flows, flows, funding_flows, money, verdicts
from app.renewals import models as _renewals  # noqa: F401
from app.renewals.lapses import lapse
from app.renewals.slots import restore_slots
from app.selections import models as _selections  # noqa: F401
from app.settings import Settings
from app.subscriptions import models as _subscriptions  # noqa: F401
from app.subscriptions import notice_models as _notices  # noqa: F401
from app.web.state import State, now

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

# In the order in which one tick runs them: what is open first, then what is due, then what will
# become of the rest, then the mails that all of it wrote.
JOBS = (
    Job("card_readings", card_readings_ahead),
    Job("gateway_events", events.work),
    Job("card_setups", card_flows.recover_setups),
    Job("payments", payment_flows.recover),
    Job("refunds", refund_flows.recover),
    Job("recovery", flows.recover),
    Job("invoices", close_days),
    Job("proformas", expire_open),
    Job("slots", restore_slots, daily_at=time(4)),
    Job("prices", announcements.announce_first),
    Job("price_rises", announcements.announce_rises, daily_at=time(7)),
    Job("renewals", flows.renew_due),
    Job("refills", funding_flows.refill, daily_at=time(9)),
    Job("funded", flows.renew_funded),
    Job("proforma_payments", early_flows.pay_funded),
    Job("lapses", lapse),
    Job("ended_mailboxes", ended_mailboxes, daily_at=time(8, 45)),
    Job("mail_states", mail_states.tell),
    Job("account_states", account_states.tell),
    Job("mail_followed", mail_states.follow_all, daily_at=time(3, 30)),
    Job("accounts_followed", account_states.follow_all, daily_at=time(3, 30)),
    Job("moves", move_flows.apply_moves),
    Job("overlooked", verdicts.overlooked, daily_at=time(3)),
    Job("forecasts", verdicts.forecasts),
    Job("tacit_notices", tacit_notices),
    Job("tacit_proofs", tacit_proofs, daily_at=time(6)),
    Job("alerts", alerts),
    Job("forgotten_cards", card_flows.forget_removed),
    Job("mails", drain),
    Job("reconciliation", events.reconcile, daily_at=time(5)),
    Job("balances", check_balances, daily_at=time(4, 30)),
)


def outside(app: Flask, settings: Settings) -> None:
    """Put clock, registrars and mail in place."""
    clock = SandboxClock() if settings.sandbox else SystemClock()
    app.extensions["vigie"] = State(settings, clock)
    registrars: Registry[Registrar] = Registry("registrar")
    registrars.register(sandbox.NAME, GuardedRegistrar(sandbox.SandboxRegistrar(now)))
    app.extensions["vigie.registrars"] = registrars
    app.extensions["vigie.gateways"] = _gateways(settings)
    app.extensions["vigie.above_billing"] = money
    app.extensions["vigie.hosting"] = _hosting().get(settings.hosting)
    app.extensions["vigie.mail_server"] = _mail_servers().get(settings.mail_server)
    app.extensions["vigie.channel"] = _channel(settings)
    app.extensions["vigie.schedule"] = Schedule(JOBS, lambda: terms().tz)


def _gateways(settings: Settings) -> Registry[Gateway]:
    """The gateway for cards, if any, and bank transfers; cards of any other stay uncharged."""
    adapters: dict[str, Callable[[], Gateway]] = {
        sandbox_gateway.NAME: lambda: sandbox_gateway.SandboxGateway(now),
        "manual": ManualGateway,
        "stripe": lambda: StripeGateway(
            settings.stripe_secret_key,
            settings.stripe_webhook_secret,
            now,
            shown_name=settings.host_name,
            api=settings.stripe_api,
        ),
    }
    registry: Registry[Gateway] = Registry("gateway")
    for name in dict.fromkeys((settings.chosen_gateway, "manual")):
        registry.register(name, GuardedGateway(adapters[name]()))
    return registry


def _hosting() -> Registry[Hosting]:
    servers: Registry[Hosting] = Registry("hosting server")
    servers.register(sandbox_hosting.NAME, GuardedHosting(sandbox_hosting.SandboxHosting(now)))
    return servers


def _mail_servers() -> Registry[MailServer]:
    servers: Registry[MailServer] = Registry("mail server")
    servers.register(sandbox_mail.NAME, GuardedMailServer(sandbox_mail.SandboxMailServer()))
    return servers


def _channel(settings: Settings) -> Channel:
    if settings.mail_url.startswith("smtp"):
        return SmtpChannel(settings.mail_url, settings.mail_bounces_to)
    return FileChannel(settings.var_dir / "mail")


def pages(app: Flask) -> None:
    """Every address of the portal, room by room."""
    from app.accounts import views as accounts
    from app.alerts import leaving_views as leaving
    from app.alerts import views as alert_pages
    from app.auto_renewal import bulk_views as bulk_renewal
    from app.auto_renewal import card_removal_views as card_removal
    from app.auto_renewal import limit_views as price_limit
    from app.auto_renewal import recurring_views as recurring
    from app.auto_renewal import views as auto_renewal
    from app.billing import card_views as cards
    from app.billing import statement_views as statement
    from app.billing import top_up_views as top_up
    from app.billing import views as billing
    from app.billing import webhook_views as webhooks
    from app.billing.gateways import sandbox_views as sandbox_bank
    from app.domains import selection_views as domain_selection
    from app.domains import views as domains
    from app.home import views as home
    from app.invoices import views as invoices
    from app.mailboxes import forwarding_views as forwardings
    from app.mailboxes import selection_views as mailbox_selection
    from app.mailboxes import views as mailboxes
    from app.moves import views as moves
    from app.renewals import early_views as early
    from app.renewals import forecast_views as forecast
    from app.renewals import proforma_views as proforma_payment
    from app.renewals import views as renewals
    from app.staff import views as staff
    from app.web import views as web

    rooms = (
        web, accounts, alert_pages, leaving, billing, cards, statement, top_up, webhooks, invoices,
        domains, domain_selection, mailboxes, mailbox_selection, forwardings, moves, home,
        renewals, early, proforma_payment, forecast, auto_renewal, bulk_renewal, recurring,
        price_limit, card_removal, staff,
    )  # fmt: skip
    for room in rooms:
        app.register_blueprint(room.blueprint)
    if sandbox_gateway.NAME in app.extensions["vigie.gateways"]:
        app.register_blueprint(sandbox_bank.blueprint)
    _additions(app)


def _additions(app: Flask) -> None:
    """What rooms add to pages of rooms below them, by the name of its place there."""
    from app.alerts import added
    from app.web import additions

    places: dict[str, list[additions.Addition]] = {
        "profile": [added.reminders],
        "domain": [added.out_of_reach],
        "service": [added.tacit_renewal],
    }
    additions.init(app, places)
