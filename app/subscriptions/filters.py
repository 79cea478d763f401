"""Which subscriptions a list means: by expiry, by who pays, by verdict, as addresses say it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from sqlalchemy import ColumnElement

from app.accounts.access import Membership
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict

DAYS = (7, 30, 60, 90)
EXPIRED = "expired"
OTHERS = "others"
WILL_RENEW = "will_renew"
CANNOT_BE_PAID = "cannot_be_paid"
OFF = "off"


@dataclass(frozen=True)
class Expiring:
    """Expiry dates after `after`, if given, up to and with `until`; `name` is what addresses say.

    What expires today has expired: `expires_on` is the first day not paid for (R2).
    """

    name: str
    after: date | None
    until: date

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a subscription must be."""
        found: list[ColumnElement[bool]] = [Subscription.expires_on <= self.until]
        if self.after is not None:
            found.append(Subscription.expires_on > self.after)
        return found


@dataclass(frozen=True)
class Payer:
    """Billed organizations: those of `organization_ids`, or with `others` any but those."""

    name: str
    organization_ids: tuple[int, ...]
    others: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a subscription must be."""
        column = Subscription.billed_organization_id
        # What nobody pays for is not paid by others either: NULL is in no list, and not outside.
        ids = self.organization_ids
        return [column.not_in(ids) if self.others else column.in_(ids)]


@dataclass(frozen=True)
class Foreseen:
    """A verdict in its three kinds; `name` is what addresses say."""

    name: str

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a subscription must be. What is switched off has no verdict."""
        if self.name == OFF:
            return [Subscription.auto_renewal.is_(False)]
        if self.name == WILL_RENEW:
            return [Subscription.verdict == Verdict.WILL_RENEW]
        return [Subscription.verdict != Verdict.WILL_RENEW]


def read_expiring(args: Mapping[str, str], today: date) -> Expiring | None:
    """When an address wants subscriptions to expire; None for any time."""
    name = args.get("expires", "")
    if name == EXPIRED:
        return Expiring(name, None, today)
    days = next((days for days in DAYS if str(days) == name), None)
    return None if days is None else Expiring(name, today, today + timedelta(days=days))


def read_payer(args: Mapping[str, str], memberships: Iterable[Membership]) -> Payer | None:
    """Who an address wants to pay, as far as the person knows them; None for anybody."""
    name = args.get("payer", "")
    known = {m.public_id: m.organization_id for m in memberships}
    if name in known:
        return Payer(name, (known[name],))
    return Payer(name, tuple(known.values()), others=True) if name == OTHERS else None


def read_foreseen(args: Mapping[str, str]) -> Foreseen | None:
    """Which verdict an address wants; None for any."""
    name = args.get("verdict", "")
    return Foreseen(name) if name in (WILL_RENEW, CANNOT_BE_PAID, OFF) else None


def verdict_choices() -> list[tuple[str, str]]:
    """The filter *Verdict*: names in addresses, and words."""
    return [
        ("", pgettext("verdicts", "All")),
        (WILL_RENEW, _("Will renew")),
        (CANNOT_BE_PAID, _("Cannot be paid")),
        (OFF, _("Off")),
    ]


def expiry_choices() -> list[tuple[str, str]]:
    """The filter *Expires within*: names in addresses, and words."""
    days = [(str(days), ngettext("%(num)d day", "%(num)d days", days)) for days in DAYS]
    return [("", _("Any time")), *days, (EXPIRED, _("Expired already"))]


def payer_choices(
    memberships: Iterable[Membership], paying: Collection[int] | None = None
) -> list[tuple[str, str]]:
    """The filter *Billed organization*: names in addresses, and words.

    With the ids of those that pay something here, only they are offered.
    """
    known = {m.organization_id: (m.public_id, m.name) for m in memberships}
    offered = known.keys() if paying is None else known.keys() & paying
    choices = [choice for organization_id, choice in known.items() if organization_id in offered]
    others = paying is None or offered != set(paying)
    return [("", _("All")), *choices, *([(OTHERS, _("Others"))] if others else [])]
