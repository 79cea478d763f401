"""Who may do what: plans, roles, and the rights each role carries."""

import re
from enum import StrEnum


class Plan(StrEnum):
    """Plan of an organization or a hosting account."""

    FREE = "free"
    PAID = "paid"


class Role(StrEnum):
    """Role of a person in an organization."""

    OWNER = "owner"
    BILLING = "billing"
    TECHNICAL = "technical"
    VIEWER = "viewer"


class Right(StrEnum):
    """What a page or a service asks for before it acts."""

    SEE = "see"
    MANAGE_SERVICES = "manage_services"
    MANAGE_RENEWALS = "manage_renewals"
    BILL = "bill"
    MANAGE_MEMBERS = "manage_members"


# A technical member may switch a renewal off, or have it paid by another organization which they
# may bill; choosing a payer always needs BILL on that payer.
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.BILLING: frozenset({Right.SEE, Right.MANAGE_RENEWALS, Right.BILL}),
    Role.TECHNICAL: frozenset({Right.SEE, Right.MANAGE_SERVICES, Right.MANAGE_RENEWALS}),
    Role.VIEWER: frozenset({Right.SEE}),
}


def allows(role: Role, right: Right) -> bool:
    """Whether the role carries the right."""
    return right in RIGHTS[role]


def last_owner_stays(roles: list[Role], leaving: Role) -> bool:
    """Whether a member with role `leaving` is the only owner, who cannot go or step down."""
    return leaving is Role.OWNER and roles.count(Role.OWNER) <= 1


PASSWORD_LENGTHS = (10, 200)
# What most lists of stolen passwords begin with, without the digits and signs put behind.
_COMMON = frozenset({
    "abcdefghij", "administrator", "azerty", "azertyuiop", "bonjour", "changeme", "chocolat",
    "doudou", "football", "iloveyou", "jetaime", "letmein", "loulou", "motdepasse", "passw", "pass",
    "password", "princess", "qwerty", "qwertyuiop", "secret", "soleil", "sunshine", "superman",
    "welcome",
})  # fmt: skip


def is_guessable(password: str, *known: str) -> bool:
    """Whether it is a common password, or what is known of the person, with signs around it."""
    plain = password.casefold()
    core = re.sub(r"[\W\d_]+", "", plain)
    words = {part for text in known for part in (text, text.partition("@")[0])}
    own = {re.sub(r"[\W\d_]+", "", word.casefold()) for word in words}
    sequence = plain in "01234567890123456789" or plain in "98765432109876543210"
    return len(set(plain)) < 4 or sequence or core in _COMMON or (core != "" and core in own)
