"""VAT ids and SIREN by their check digits alone; nobody outside is asked (L12)."""

from stdnum.eu import vat
from stdnum.fr import siren, siret, tva

# The one country whose VAT ids begin otherwise.
_PREFIX = {"GR": "EL"}


def is_valid(vat_id: str | None, country: str) -> bool:
    """Whether it is a well-formed VAT id of that country of the European Union."""
    return bool(
        vat_id and vat_id.startswith(_PREFIX.get(country, country)) and vat.is_valid(vat_id)
    )


def siren_of(vat_id: str | None) -> str | None:
    """The SIREN inside a French company's VAT id; None where there is none."""
    if not vat_id or not vat_id.startswith("FR") or not tva.is_valid(vat_id):
        return None
    found = tva.compact(vat_id)[2:]
    return found if siren.is_valid(found) else None


def is_siret(number: str) -> bool:
    """Whether it is a well-formed SIRET."""
    return bool(siret.is_valid(number))
