"""Pages of the operator, a module for each part of their work."""

from app.staff.views import confirming, customers, delays, mails, moves, tasks
from app.staff.views.blueprint import blueprint

__all__ = ["blueprint", "confirming", "customers", "delays", "mails", "moves", "tasks"]
