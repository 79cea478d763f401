"""Seller and client as a document names them; kept in it as they are when it is made."""

from dataclasses import asdict, dataclass

from app.invoices.vat import Policy

# Where the host sets none of its own: by the language of the document.
PAYMENT_TERMS = {
    "fr": "Paiement à la commande. Pas d’escompte pour paiement anticipé.",
    "en": "Payment with the order. No discount for early payment.",
}
PENALTIES = {
    "fr": (
        "En cas de retard de paiement : pénalités au taux de trois fois l’intérêt légal et, pour "
        "les professionnels, indemnité forfaitaire de 40 € pour frais de recouvrement "
        "(art. L441-10 et D441-5 du code de commerce)."
    ),
    "en": (
        "Late payment: penalties at three times the French legal interest rate and, for "
        "businesses, a fixed sum of €40 for recovery costs (art. L441-10 and D441-5 of the French "
        "commercial code)."
    ),
}


@dataclass(frozen=True)
class Seller:
    """The host. `legal` is legal form, capital and register; texts are printed as they are."""

    name: str
    legal: str
    address: str
    postcode: str
    city: str
    country: str
    siret: str
    vat_id: str
    email: str
    payment_terms: str
    penalties: str

    @property
    def siren(self) -> str:
        """The company's number: the first nine digits of the SIRET."""
        return self.siret[:9]

    def stated(self, language: str) -> dict[str, str]:
        """What a document in that language keeps of the seller."""
        usual = {"payment_terms": PAYMENT_TERMS[language], "penalties": PENALTIES[language]}
        return {name: value or usual.get(name, "") for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Client:
    """To whom a document is made out; what is not known is empty."""

    name: str
    address: str
    postcode: str
    city: str
    country: str
    vat_id: str
    siren: str
    email: str


@dataclass(frozen=True)
class Issuer:
    """Who sells, which VAT rules they follow, and the language where the client has none."""

    seller: Seller
    policy: Policy
    language: str
    missing: tuple[str, ...] = ()
    """Names of settings without which no invoice may be issued."""
