"""Who may do what: plans, roles, and the rights each role carries."""

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
