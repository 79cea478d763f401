"""What a renewal by hand says when it did not happen, in the reader's language."""

from flask_babel import gettext as _

from app.renewals.rules import Outcome


def refusal(outcome: Outcome, payer: str) -> str:
    """Why nothing was renewed."""
    if outcome is Outcome.UNFUNDED:
        return _("Nothing was renewed: the wallet of %(payer)s does not hold enough.", payer=payer)
    return _(
        "Nothing was renewed and nothing was charged: the domain must be renewed first, or there "
        "is no price for this. Contact us if you are unsure."
    )
