"""The filters of the domain list, as its address carries them."""

from collections.abc import Mapping

from app.accounts.access import person
from app.accounts.installation import today
from app.domains.queries import DomainFilter
from app.subscriptions.filters import read_expiring, read_foreseen, read_payer

_YES_NO = {"on": True, "off": False, "with": True, "without": False}


def read_filter(args: Mapping[str, str]) -> DomainFilter:
    """The filter that an address asks for; what cannot be understood chooses all."""
    return DomainFilter(
        text=args.get("q", "").replace("\0", "").strip().lower(),
        with_mailboxes=_YES_NO.get(args.get("mailboxes", "")),
        auto_renewal=_YES_NO.get(args.get("auto_renewal", "")),
        extension=args.get("extension", "").replace("\0", "").strip().lower(),
        expiring=read_expiring(args, today()),
        payer=read_payer(args, person().memberships),
        foreseen=read_foreseen(args),
    )


def written(chosen: DomainFilter) -> dict[str, str]:
    """The filter as fields of an address; what chooses all is left out."""
    fields = {
        "q": chosen.text,
        "mailboxes": {True: "with", False: "without", None: ""}[chosen.with_mailboxes],
        "auto_renewal": {True: "on", False: "off", None: ""}[chosen.auto_renewal],
        "extension": chosen.extension,
        "expires": chosen.expiring.name if chosen.expiring else "",
        "payer": chosen.payer.name if chosen.payer else "",
        "verdict": chosen.foreseen.name if chosen.foreseen else "",
    }
    return {name: value for name, value in fields.items() if value}
