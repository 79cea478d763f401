"""A-2: a wallet is below zero; if nobody pays, the organization is suspended."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.models import Organization
from app.accounts.rules import Right, Role
from app.alerts.ports import Case, Facts, Words
from app.alerts.rules import AlertState, Delays
from app.alerts.suspending import SuspendingAlert
from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.words import top_up_path
from app.web.i18n import day, money


class NegativeBalance(SuspendingAlert):
    """Subject: the wallet, called by its organization. Cause: the latest debit (A10).

    Its days run from the opening: invoices are prepaid, so no later due date exists.
    """

    name = "negative_balance"
    severity = 0
    roles = frozenset({Role.OWNER, Role.BILLING})
    contacts = True
    defaults = Delays(reminders=(3, 7, 14, 20), expires=21)
    right = Right.BILL

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """Wallets below zero; one cent is enough."""
        debit = (
            select(cast(LedgerTx.kind, String) + ":" + LedgerTx.ref)
            .join(LedgerEntry, LedgerEntry.tx_id == LedgerTx.id)
            .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
            .where(LedgerAccount.wallet_id == Wallet.id, LedgerEntry.amount < 0)
            .order_by(LedgerEntry.id.desc())
            .limit(1)
            .correlate(Wallet)
            .scalar_subquery()
        )
        return (
            select(
                Wallet.id.label("subject_id"),
                Organization.public_id.label("subject"),
                Wallet.organization_id.label("organization_id"),
                func.coalesce(debit, "").label("cause"),
                Wallet.posted.label("balance"),
                Wallet.currency.label("currency"),
                Organization.name.label("name"),
                (cast(Wallet.posted, String) + " " + Organization.name).label("latest"),
            )
            .join(Organization, Organization.id == Wallet.organization_id)
            .where(Wallet.posted < 0)
        )

    def lock(self, session: Session, subject_ids: Collection[int]) -> None:
        """A top-up that commits while we wait for this counts (golden A10)."""
        session.execute(
            select(Wallet.id)
            .where(Wallet.id.in_(subject_ids))
            .order_by(Wallet.id)
            .with_for_update()
        )

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """A wallet at zero or above was paid."""
        return dict.fromkeys(subject_ids, "paid")

    def label(self) -> str:
        """See AlertType."""
        return str(_("Negative balance"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        missing = money(-case.facts["balance"], case.facts["currency"])
        if case.state is AlertState.EXPIRED:
            return self._suspended(case, missing)
        if case.deadline_on and case.today >= case.deadline_on:
            until = _("Pay at least %(amount)s now.", amount=missing)
        else:
            until = _("Pay at least %(amount)s before %(date)s.",
                      amount=missing, date=day(case.deadline_on))  # fmt: skip
        return Words(
            title=_("Negative balance: %(amount)s are missing", amount=missing),
            what=_(
                "The wallet of %(name)s is below zero: %(amount)s are missing.",
                name=case.facts["name"], amount=missing,
            ),
            until=until,
            after=_(
                "If it stays below zero, the organization is suspended: its hosting accounts, "
                "mailboxes and forwardings stop until it is paid."
            ),
            action=_("Pay what is missing"),
        )  # fmt: skip

    def _suspended(self, case: Case, missing: str) -> Words:
        name = case.facts["name"]
        return Words(
            title=_("%(name)s is suspended: %(amount)s are missing", name=name, amount=missing),
            what=_(
                "%(name)s is suspended, because its wallet stayed below zero: %(amount)s "
                "are missing.",
                name=name,
                amount=missing,
            ),
            until=_("Pay at least %(amount)s: everything then resumes by itself.", amount=missing),
            after=_(
                "As long as the balance is negative, its hosting accounts, mailboxes and "
                "forwardings do not work."
            ),
            action=_("Pay what is missing"),
        )

    def path(self, subject: str, facts: Facts) -> str:
        """Where money is paid in, with what is missing filled in."""
        return top_up_path(-facts["balance"], facts["currency"])
