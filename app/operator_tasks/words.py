"""What each kind of task asks of the operator, in the reader's language."""

from flask_babel import gettext as _


def ask(kind: str) -> str:
    """One sentence for a kind of task; its code where an older version opened it."""
    known = {
        "clock_went_back": _("The clock went back, so nothing was run. Set it right."),
        "no_price": _("There is no price for a renewal. Add it to the price list."),
        "registry_refused": _("The registry refused a renewal; no money was taken. Ask it why."),
        "registry_date": _("The registry shows a date nobody expected. Money is held: decide."),
        "renewal_broken": _("A renewal fails with an error. It is tried again every hour."),
        "server_refused": _("A server refuses what it is told of a service. Ask it why."),
        "server_silent": _("A server does not answer. What it must know is told again and again."),
        "event_stuck": _("What a payment gateway reports does not fit what is here. Compare both."),
        "move_failed": _("A move failed; the account is as it was. Find out why, then try again."),
        "move_silent": _("Nobody knows whether a move was carried out: the server is silent."),
        "refund_returned": _("A bank sent refunded money back. Settle it with the customer."),
        "setup_refused": _("The payment gateway refused to save a card. Ask it why."),
        "alert_not_told": _(
            "A deadline has come, but nobody is known to have been told: nothing was done. Find "
            "an address that works."
        ),
        "alert_without_address": _("An alert concerns nobody who has an address. Add a member."),
        "mailboxes_without_address": _(
            "Mailboxes have expired, and nobody of the customer has an address to be told. Add a "
            "member."
        ),
        "alerts_broken": _("The alerts of an organization fail with an error. Look at the log."),
        "notice_missed": _("A notice that the law asks for was not sent in time."),
        "tacit_notice_missing": _(
            "A tacit renewal was not announced in time: the customer may leave free of charge."
        ),
        "exit_asked": _(
            "A customer leaves a renewal that was not announced: end the service and give back "
            "what is named here, within 30 days."
        ),
        "mail_failed": _("A mail could not be delivered."),
        "seller_unknown": _("Invoices wait for settings about your company. Set them."),
        "invoice_waits": _("An invoice cannot be issued. Set right what stands in its way."),
        "balance_differs": _("A balance is not the sum of its entries. Find out why."),
        "payment_uncredited": _("A payment is not in the ledger exactly once. Find out why."),
        "payment_differs": _("A gateway took another amount than was asked. Settle it by hand."),
        "payment_stuck": _("Nobody knows whether a payment was taken. Ask the gateway."),
        "payment_refused": _("A gateway refused a payment; nothing was taken. Ask it why."),
        "payment_disputed": _("A bank took a payment back. Answer it at the gateway."),
        "refund_failed": _("A refund failed; the money is still in the wallet. Ask why."),
    }
    return known.get(kind, kind)
