"""What the recipes of the help page share: labels in both languages, and the way to the list."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import make

ADDRESS = "info@example.org"


@dataclass(frozen=True)
class Labels:
    """What product.md calls things in one language; a % stands for a number."""

    email: str
    password: str
    sign_in: str
    domains: str
    tab: str
    actions: str
    manage: str
    select: str
    select_page: str
    select_all: str
    clear: str
    auto_renewal: str
    frequency: str
    monthly: str
    yearly: str
    billed: str
    update: str
    mark: str
    configuration: str
    change: str
    off: str
    on: str


FRENCH = Labels(
    email="Adresse e-mail", password="Mot de passe", sign_in="Se connecter", domains="Domaines",
    tab="Boîtes et redirections mail", actions=f"Actions pour {ADDRESS}",
    manage="Gérer le renouvellement automatique", select="Sélectionner %",
    select_page="Sélectionner toute la page",
    select_all="Sélectionner les % boîtes correspondantes", clear="Effacer la sélection",
    auto_renewal="Renouvellement automatique",
    frequency="Fréquence", monthly="Mensuel", yearly="Annuel", billed="Organisation débitée",
    update="Modifier", mark="Renouvellement automatique activé", configuration="Configuration",
    change="Changer", off="Désactivé", on="Activé",
)  # fmt: skip
ENGLISH = Labels(
    email="E-mail", password="Password", sign_in="Sign in", domains="Domains",
    tab="Mailboxes and forwardings", actions=f"Actions for {ADDRESS}",
    manage="Manage auto-renewal", select="Select %", select_page="Select all on this page",
    select_all="Select all % mailboxes matching", clear="Clear selection",
    auto_renewal="Auto-renewal",
    frequency="Frequency", monthly="Monthly", yearly="Yearly", billed="Billed organization",
    update="Update", mark="Auto-renewal on", configuration="Configuration",
    change="Change", off="Off", on="On",
)  # fmt: skip

languages = pytest.mark.parametrize(
    ("locale", "labels"), [("fr-FR", FRENCH), ("en-GB", ENGLISH)], ids=["fr", "en"]
)
with_and_without_javascript = pytest.mark.parametrize(
    "javascript", [True, False], ids=["js", "nojs"]
)


def mailboxes(page: Page, marie: make.Made, labels: Labels) -> None:
    """The steps all recipes begin with: sign in, the domain, its tab."""
    page.goto("/login")
    page.get_by_role("textbox", name=labels.email, exact=True).fill(marie.name)
    page.get_by_label(labels.password, exact=True).fill(make.PASSWORD)
    page.get_by_role("button", name=labels.sign_in, exact=True).click()
    page.get_by_role("link", name=labels.domains, exact=True).first.click()
    page.get_by_role("link", name="example.org", exact=True).click()
    page.get_by_role("link", name=labels.tab, exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/domains/example\.org/mailboxes$"))


def colour(locator: Locator) -> list[int]:
    """The background as red, green, blue."""
    return locator.evaluate(
        "element => getComputedStyle(element).backgroundColor.match(/\\d+/g).map(Number)"
    )


def is_green(rgb: list[int]) -> bool:
    red, green, blue = rgb[:3]
    return green > red + 10 and green > blue + 10


def is_grey(rgb: list[int]) -> bool:
    return max(rgb[:3]) - min(rgb[:3]) < 16
