"""Pages of people and organizations, a module for each part of the portal's frame."""

from app.accounts.views import choices, organization, passwords, profile, signing_in
from app.accounts.views.blueprint import blueprint

__all__ = ["blueprint", "choices", "organization", "passwords", "profile", "signing_in"]
