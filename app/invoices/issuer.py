"""The host as a seller, from the settings `VIGIE_SELLER_…` and `VIGIE_VAT_…`."""

from app.invoices import vat_ids
from app.invoices.parties import Issuer, Seller
from app.invoices.vat import Policy
from app.web.state import settings

NEEDED = ("name", "address", "postcode", "city", "siret", "email")
# What a sandbox without settings shows: nobody, with numbers whose check digits are right.
DEMO = {
    "name": "Hébergeur de démonstration",
    "legal": "SARL au capital de 1 000 €, RCS Paris 732 829 320",
    "address": "1 place de l’Exemple",
    "postcode": "75001",
    "city": "Paris",
    "siret": "73282932000074",
    "vat_id": "FR44732829320",
    "email": "facturation@example.net",
}


def issuer() -> Issuer:
    """Who issues documents here and now; in a sandbox, what is not set is made up."""
    given = settings()
    made_up = DEMO if given.sandbox and not given.seller_name else {}

    def value(name: str) -> str:
        return str(getattr(given, f"seller_{name}")) or made_up.get(name, "")

    seller = Seller(
        name=value("name"), legal=value("legal"), address=value("address"),
        postcode=value("postcode"), city=value("city"), country=given.seller_country,
        siret=value("siret"), vat_id=value("vat_id"), email=value("email"),
        payment_terms=given.seller_payment_terms, penalties=given.seller_penalties,
    )  # fmt: skip
    missing = [name for name in NEEDED if not value(name)]
    # Who charges VAT has a number for it, and says it (CGI annexe II art. 242 nonies A).
    if not given.vat_exempt and not seller.vat_id:
        missing.append("vat_id")
    return Issuer(
        seller,
        Policy(given.seller_country, exempt=given.vat_exempt, oss=given.vat_oss),
        given.default_language,
        tuple(f"VIGIE_SELLER_{name.upper()}" for name in missing),
    )


def wrong_numbers(given: Issuer) -> list[str]:
    """Settings of the seller whose check digits are wrong; empty ones are not."""
    seller, wrong = given.seller, []
    if seller.siret and not vat_ids.is_siret(seller.siret):
        wrong.append("VIGIE_SELLER_SIRET")
    if seller.vat_id and not vat_ids.is_valid(seller.vat_id, seller.country):
        wrong.append("VIGIE_SELLER_VAT_ID")
    return wrong
