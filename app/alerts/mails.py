"""The mail of one or more alerts to one person: a function that returns subject, text and HTML."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from app.alerts.ports import Words
from app.web.i18n import language
from app.web.state import settings

# Where the host has chosen none; white is readable on it.
COLOUR = "#3b5bdb"


@dataclass(frozen=True)
class Entry:
    """One alert of a mail: its words, its link, and a remark of the law or of ours, if any.

    `boxed` puts what is to be done by when into a box (R17); a `reminder` says again what an
    earlier mail has said. `names` are listed, and how many more there are; `more` are further
    labels and links.
    """

    words: Words
    link: str
    remark: str | None = None
    boxed: bool = False
    reminder: bool = False
    names: tuple[str, ...] = ()
    unnamed: int = 0
    more: tuple[tuple[str, str], ...] = ()

    @property
    def others(self) -> str:
        """How many are not among the names; empty where all are."""
        return _("and %(number)s more", number=self.unnamed) if self.unnamed > 0 else ""


@dataclass(frozen=True)
class Letter:
    """A mail's subject, plain text and HTML, which say the same."""

    subject: str
    body: str
    html: str


def letter(
    name: str, organization: str, entries: list[Entry], *, unsubscribe_url: str | None = None
) -> Letter:
    """A mail about one organization, its worst matter first (A13).

    One that may be done without says how to be spared the next, also to a reader who has no
    account: by its `unsubscribe_url` (A14).
    """
    host = settings().host_name
    greeting = _("Hello %(name)s,", name=name)
    about = _("This is about %(organization)s at %(host)s.", organization=organization, host=host)
    parts = [
        greeting, about, *(_text(entry) for entry in entries), _spared(unsubscribe_url), host,
    ]  # fmt: skip
    return Letter(
        _subject(organization, entries),
        "\n\n".join(part for part in parts if part) + "\n",
        # Without the processors of pages, which ask who is signed in.
        current_app.jinja_env.get_template("alerts/mail/letter.html").render(
            greeting=greeting, about=about, entries=entries, host=host, stop=unsubscribe_url,
            choose=_preferences(), colour=settings().host_colour or COLOUR, locale=language(),
        ),
    )  # fmt: skip


def _subject(organization: str, entries: list[Entry]) -> str:
    """What is the matter, and whose it is unless that is said already."""
    title = entries[0].words.title
    subject = title
    if len(entries) > 1:
        subject = ngettext(
            "%(subject)s, and %(num)s more alert",
            "%(subject)s, and %(num)s more alerts",
            len(entries) - 1,
            subject=subject,
        )
    if all(entry.reminder for entry in entries):
        subject = _("Reminder: %(subject)s", subject=_after_colon(subject, organization))
    if organization in title:
        return str(subject)
    return str(_("%(subject)s (%(organization)s)", subject=subject, organization=organization))


def _after_colon(sentence: str, name: str) -> str:
    """With a small letter, unless it begins with the name or an abbreviation."""
    if sentence.startswith(name) or sentence[1:2].isupper():
        return sentence
    return sentence[:1].lower() + sentence[1:]


def _preferences() -> str:
    return f"{settings().public_url}/profile"


def _spared(unsubscribe_url: str | None) -> str | None:
    if unsubscribe_url is None:
        return None
    return "\n".join(
        (
            _("Stop these reminders: %(url)s", url=unsubscribe_url),
            _("You can choose which reminders you get: %(url)s", url=_preferences()),
        )
    )


def _text(entry: Entry) -> str:
    words = entry.words
    lines = [
        words.title,
        "-" * min(len(words.title), 70),
        words.what,
        *(f"– {name}" for name in (*entry.names, entry.others) if name),
        _boxed(words.until) if entry.boxed else words.until,
        words.after,
        entry.remark,
        *(
            _("%(action)s: %(link)s", action=action, link=link)
            for action, link in ((words.action, entry.link), *entry.more)
        ),
    ]
    return "\n".join(line for line in lines if line)


def _boxed(text: str) -> str:
    edge = f"+{'-' * (len(text) + 2)}+"
    return f"\n{edge}\n| {text} |\n{edge}\n"


def legal_remark() -> str:
    """Why somebody gets a notice that they may not need (A7)."""
    return str(
        _(
            "We must send this notice under the rules of ICANN, also to those whose domains renew "
            "by themselves."
        )
    )


def unreachable_remark(domain: str) -> str:
    """What is wrong with having all addresses on the name that expires (A25)."""
    return str(
        _(
            "All the addresses we have for you are on %(domain)s itself: when it stops working, "
            "our mails no longer reach you. Add an address on another domain.",
            domain=domain,
        )
    )
