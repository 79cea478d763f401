"""The French texts: all there, in step with the code, and typeset as French is."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
CATALOGUE = APP / "translations/fr/LC_MESSAGES/messages.po"
REMEDY = "run `make translations`, then write what is empty in messages.po and run it again"

# Labels that people, documentation and other programs rely on (product.md §2).
LABELS = {
    "Sign in": "Se connecter",
    "E-mail": "Adresse e-mail",
    "Password": "Mot de passe",
    "Overview": "Accueil",
    ("tab of a domain", "Overview"): "Aperçu",
    "Domains": "Domaines",
    "Mailboxes and forwardings": "Boîtes et redirections mail",
    "History": "Historique",
    "Configuration": "Configuration",
    "Auto-renewal": "Renouvellement automatique",
    "Auto-renewal on": "Renouvellement automatique activé",
    "On": "Activé",
    "Off": "Désactivé",
    "Frequency": "Fréquence",
    "Monthly": "Mensuel",
    "Yearly": "Annuel",
    "Billed organization": "Organisation débitée",
    "Billing contact": "Contact de facturation",
    "Update": "Modifier",
    "Change": "Changer",
    "Manage auto-renewal": "Gérer le renouvellement automatique",
    "Actions": "Actions",
    "Actions for %(name)s": "Actions pour %(name)s",
    "Clear selection": "Effacer la sélection",
    "Select all %(num)d mailbox matching": (
        "Sélectionner %(num)d boîte correspondante",
        "Sélectionner les %(num)d boîtes correspondantes",
    ),
    "Renew": "Renouveler",
    "Renew all": "Renouveler tout",
    "Recurring payment": "Paiement récurrent",
    "Recurring payment for all": "Paiement récurrent tout",
    "Contact": "Contact",
    "Confirm": "Confirmer",
    "Simple": "Vue simple",
    "Advanced": "Vue avancée",
    "Mailboxes": "Boîtes mail",
    "any": "toutes",
    "with": "avec",
    "without": "sans",
    "Wallet": "Compte prépayé",
    "Card": "Carte",
    "Organization": "Organisation",
    "Role": "Rôle",
    "Members": "Membres",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")
NO_BREAK = "\u00a0\u202f"
FAULTS = {
    "a straight apostrophe": re.compile(r"\w'\w"),
    "straight quotes": re.compile(r'"'),
    "three dots for an ellipsis": re.compile(r"\.\.\."),
    "no no-break space before ; : ! ?": re.compile(rf"[^{NO_BREAK}][;:!?](?=\s|$)"),
    "no no-break space within « »": re.compile(rf"«(?![{NO_BREAK}])|(?<![{NO_BREAK}])»"),
    "a capital without its accent": re.compile(r"\bA (?=[a-zà-ÿ])|\bE(?=tat|ch[eé]|cri|dit|lev)"),
    "another word than product.md's": re.compile(
        r"(?i)\b(boites?|e?mails? box|courriels?|portefeuille|auto-renouvellement|propriétés)\b"
        r"|(?<!-)\bemails?\b|\bboîtes? e-mail\b|\bproforma\b"
    ),
}  # fmt: skip
# Columns of `flask demo`.
TWO_SPACES = re.compile(r"\S  +\S")
IN_COLUMNS = {"  e-mail %(email)s  password %(password)s"}


@pytest.fixture(scope="module")
def french() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr")


def forms(text: object) -> list[str]:
    """A text, or each of its plural forms."""
    return [text] if isinstance(text, str) else [str(form) for form in text or ()]  # type: ignore[attr-defined]


def texts(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


@cache
def extracted() -> frozenset[tuple[str | None, str]]:
    """Context and English text of all that the code says, found as the Makefile finds it."""
    makefile = (ROOT / "Makefile").read_text()
    keywords = DEFAULT_KEYWORDS | parse_keywords(re.findall(r"-k (\S+)", makefile))
    methods = [("**.py", "python"), ("templates/**", "jinja2")]
    found = extract_from_dir(APP, methods, {"templates/**": {"silent": "false"}}, keywords)
    return frozenset((context, forms(text)[0]) for _, _, text, _, context in found)


def test_every_text_is_in_french_and_none_is_a_guess_or_left_over(french: Catalog) -> None:
    wanting = [m.id for m in texts(french) if not all(forms(m.string)) or m.fuzzy]
    assert not wanting, REMEDY
    assert not french.obsolete, REMEDY
    assert french.plural_expr == "(n > 1)"


def test_the_catalogue_holds_what_the_code_says_and_no_more(french: Catalog) -> None:
    held = {(m.context, forms(m.id)[0]) for m in texts(french)}
    assert not extracted() - held, REMEDY
    assert not held - extracted(), REMEDY


def test_what_is_served_is_compiled_from_what_is_written(french: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, french)
    compiled.seek(0)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        assert spoken(read_mo(file)) == spoken(read_mo(compiled)), REMEDY


def spoken(catalogue: Catalog) -> dict[tuple[str | None, str], list[str]]:
    return {(m.context, forms(m.id)[0]): forms(m.string) for m in texts(catalogue)}


def test_names_in_a_text_are_the_same_in_both_languages(french: Catalog) -> None:
    for message in texts(french):
        known = [PLACEHOLDER.findall(form) for form in forms(message.id)]
        for found in (PLACEHOLDER.findall(form) for form in forms(message.string) if form):
            assert sorted(found) in [sorted(names) for names in known], message.id


@pytest.mark.parametrize(("english", "label"), LABELS.items(), ids=str)
def test_fixed_labels_are_to_the_letter(
    french: Catalog, english: str | tuple[str, str], label: str | tuple[str, str]
) -> None:
    context, text = (None, english) if isinstance(english, str) else english
    message = french.get(text, context)
    assert message, "no page says it"
    assert message.string == label


def test_french_is_typeset_as_french(french: Catalog) -> None:
    for message in texts(french):
        for text in forms(message.string):
            plain = PLACEHOLDER.sub("x", re.sub(r"\b(?:file|smtps?|https?|sqlite):\S*", "", text))
            faults = [fault for fault, sign in FAULTS.items() if sign.search(plain)]
            if TWO_SPACES.search(text) and message.id not in IN_COLUMNS:
                faults.append("two spaces")
            assert not faults, text


def test_spaces_around_a_text_are_the_same_in_both_languages(french: Catalog) -> None:
    for message in texts(french):
        for text in filter(None, forms(message.string)):
            english = forms(message.id)[0]
            assert text[-1:].isspace() == english[-1:].isspace(), text
            assert text[:1] in NO_BREAK or text[:1].isspace() == english[:1].isspace(), text


UNSPOKEN = {
    ("ui.html", "A"),  # the mark of auto-renewal in both languages; its name is translated
    ("ui.html", "-hint -error"),  # ends of ids, made by a macro
}
SAID_BY_ATTRIBUTES = {"alt", "aria-label", "aria-description", "placeholder", "title"}
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class Words(HTMLParser):
    """Collects what a page would show that no gettext call has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        # Some macros make attributes.
        self.keep(re.sub(r"""[\w:-]+=("[^"]*"|'[^']*')""", "", data))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SAID_BY_ATTRIBUTES:
                self.keep(value or "")

    def keep(self, text: str) -> None:
        if re.search(r"[^\W\d_]", text):
            self.found.append(text.strip())


@pytest.mark.parametrize("path", sorted((APP / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_templates_say_nothing_in_one_language_only(path: Path) -> None:
    words = Words()
    words.feed(JINJA.sub("", path.read_text()))
    name = str(path.relative_to(APP / "templates"))
    assert [text for text in words.found if (name, text) not in UNSPOKEN] == []


def test_forms_and_flashed_messages_say_nothing_in_one_language_only() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(APP.rglob("*.py"))
        for line in bare_texts(ast.parse(path.read_text()))
    ]
    assert bare == []


def bare_texts(tree: ast.AST) -> Iterator[int]:
    """Lines where a label or a message is written without gettext."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        said = node.args[:1] if name == "flash" or re.search(r".Field$", name) else []
        said += [keyword.value for keyword in node.keywords if keyword.arg in {"message", "label"}]
        if any(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in said):
            yield node.lineno
