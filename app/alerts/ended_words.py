"""What the mails about ended mailboxes say, stage by stage (R4)."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import ngettext

from app.alerts.ports import Words
from app.subscriptions.rules import Status, grace_ends_on, suspension_ends_on
from app.web.i18n import day

# Nothing is deleted sooner than so many days after its mail (R4).
DELETED_AFTER = timedelta(days=7)


def tell(
    stage: Status,
    expires_on: date,
    addresses: Sequence[str],
    today: date,
    *,
    action: str,
    works: bool,
) -> Words:
    """Mailboxes that expired on one day; `works` says whether they still do, as in grace."""
    number, name = len(addresses), addresses[0]
    expired = ngettext(
        "It expired on %(date)s without being renewed.",
        "They expired on %(date)s without being renewed.",
        number, date=day(expires_on),
    )  # fmt: skip
    ends, kept = day(grace_ends_on(expires_on)), day(suspension_ends_on(expires_on))
    if stage is Status.GRACE:
        return Words(
            title=ngettext(
                "%(name)s has expired", "%(num)d mailboxes have expired", number, name=name
            ),
            what=f"{expired} {_works(number, ends)}" if works else expired,
            until=_renew(number, ends),
            after=ngettext(
                "From that day on nobody can sign in or send from it; mail that arrives is kept "
                "until %(date)s.",
                "From that day on nobody can sign in or send from them; mail that arrives is kept "
                "until %(date)s.",
                number, date=kept,
            ),
            action=action,
        )  # fmt: skip
    if stage is Status.SUSPENDED:
        return Words(
            title=ngettext(
                "The mailbox %(name)s is suspended",
                "%(num)d mailboxes are suspended",
                number, name=name,
            ),
            what=f"{expired} {_suspended(number, kept)}",
            until=_renew(number, kept),
            after=ngettext(
                "From that day on it may be deleted with all its mail.",
                "From that day on they may be deleted with all their mail.",
                number,
            ),
            action=action,
        )  # fmt: skip
    return Words(
        title=ngettext(
            "%(name)s may be deleted", "%(num)d mailboxes may be deleted", number, name=name
        ),
        what=expired,
        until=ngettext(
            "Renew it to keep it and its mail.", "Renew them to keep them and their mail.", number
        ),
        after=ngettext(
            "It may be deleted with all its mail, but not before %(date)s.",
            "They may be deleted with all their mail, but not before %(date)s.",
            number, date=day(today + DELETED_AFTER),
        ),
        action=action,
    )  # fmt: skip


def _works(number: int, until: str) -> str:
    return str(ngettext(
        "It works as usual until %(date)s.", "They work as usual until %(date)s.", number,
        date=until,
    ))  # fmt: skip


def _suspended(number: int, until: str) -> str:
    return str(ngettext(
        "Nobody can sign in or send from it; mail that arrives is kept until %(date)s.",
        "Nobody can sign in or send from them; mail that arrives is kept until %(date)s.",
        number, date=until,
    ))  # fmt: skip


def _renew(number: int, until: str) -> str:
    return str(ngettext(
        "Renew it before %(date)s to lose nothing.",
        "Renew them before %(date)s to lose nothing.",
        number, date=until,
    ))  # fmt: skip
