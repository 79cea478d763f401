"""The filters of the mailbox list, as its address carries them."""

from collections.abc import Mapping

from app.accounts.access import person
from app.accounts.installation import today
from app.mailboxes.queries import MailboxFilter
from app.subscriptions.filters import read_expiring, read_foreseen, read_payer

_ON_OFF = {"on": True, "off": False}


def read_filter(args: Mapping[str, str]) -> MailboxFilter:
    """The filter that an address asks for; what cannot be understood chooses all."""
    return MailboxFilter(
        text=args.get("q", "").replace("\0", "").strip().lower(),
        auto_renewal=_ON_OFF.get(args.get("auto_renewal", "")),
        expiring=read_expiring(args, today()),
        payer=read_payer(args, person().memberships),
        foreseen=read_foreseen(args),
    )


def written(chosen: MailboxFilter) -> dict[str, str]:
    """The filter as fields of an address; what chooses all is left out."""
    fields = {
        "q": chosen.text,
        "auto_renewal": {True: "on", False: "off", None: ""}[chosen.auto_renewal],
        "expires": chosen.expiring.name if chosen.expiring else "",
        "payer": chosen.payer.name if chosen.payer else "",
        "verdict": chosen.foreseen.name if chosen.foreseen else "",
    }
    return {name: value for name, value in fields.items() if value}
