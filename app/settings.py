"""Typed settings from the environment: `VIGIE_…`, a `.env` file, and `VIGIE_…_FILE` for secrets."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from app.lib.shell import shell_gettext

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "VIGIE_"
# Read by the test suite, not by the application.
FOREIGN = ("VIGIE_TEST_",)
SECRET = (
    "database_url", "secret_key", "mail_url", "stripe_secret_key", "stripe_webhook_secret",
)  # fmt: skip


# What is said here is said before there is an application, in the language of the shell.
gettext = shell_gettext()


class BadSettings(Exception):
    """A setting makes no sense; the text names it and says why."""


class Settings(BaseModel):
    """Everything the host can set; each field is the variable `VIGIE_` + its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    database_url: str = Field(
        "",
        description="sqlite:///… or postgresql://… address of the database; when absent, "
        "vigie.sqlite3 in the var folder",
    )
    var_dir: Path = Field(ROOT / "var", description="folder of the database, mails and secrets")
    secret_key: str = Field("", description="signs cookies; made in the var folder when absent")
    sandbox: bool = Field(False, description="trial installation: time may be set ahead")
    gateway: Literal["", "sandbox", "stripe", "manual"] = Field(
        "",
        description="who takes cards: sandbox, stripe, or manual for bank transfers alone; when "
        "absent, the sandbox in a trial installation, else manual",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="address of the portal, used in mails"
    )
    trusted_hosts: Annotated[
        tuple[str, ...], Field(description="further host names, by commas")
    ] = ()
    mail_url: str = Field(
        "file:", description="file: (var/mail) or smtp[s]://user:password@host:port"
    )
    mail_from: str = Field("vigie@localhost", description="sender of every mail")
    mail_bounces_to: str = Field(
        "",
        description="address that mails come back to which could not be delivered, where flask "
        "bounces hears of them; when absent, the sender's",
    )
    mail_server: Literal["sandbox"] = Field(
        "sandbox", description="mail server that is told of mailboxes and forwardings"
    )
    hosting: Literal["sandbox"] = Field(
        "sandbox", description="hosting server that is told of accounts and carries out moves"
    )
    moves_at_a_time: int = Field(
        2, ge=1, le=100, description="how many moves run at a time at most"
    )
    host_name: str = Field("Vigie", description="the host's name on pages and mails", max_length=60)
    host_logo: str = Field("", description="path of the logo below the portal's own address")
    host_colour: str = Field(
        "", description="accent colour, as #rrggbb", pattern=r"^(#[0-9a-fA-F]{6})?$"
    )
    default_language: Literal["fr", "en"] = Field("en", description="where nobody has chosen")
    seller_name: str = Field(
        "", description="the host's company on invoices; made up in a sandbox", max_length=120
    )
    seller_legal: str = Field(
        "", description="legal form, capital and register, as invoices state them", max_length=200
    )
    seller_address: str = Field("", description="street of the host's company", max_length=200)
    seller_postcode: str = Field("", description="its postcode", max_length=20)
    seller_city: str = Field("", description="its town", max_length=100)
    seller_country: str = Field(
        "FR", description="its country, whose VAT is due at home", pattern=r"^[A-Z]{2}$"
    )
    seller_siret: str = Field("", description="its SIRET, 14 digits", pattern=r"^([0-9]{14})?$")
    seller_vat_id: str = Field("", description="its VAT number", max_length=20)
    seller_email: str = Field("", description="where customers ask about invoices", max_length=254)
    seller_payment_terms: str = Field(
        "",
        description="terms of payment on invoices; when absent, payment with the order",
        max_length=300,
    )
    seller_penalties: str = Field(
        "",
        description="penalties for late payment on invoices; when absent, those of French law",
        max_length=500,
    )
    stripe_secret_key: str = Field("", description="Stripe's secret key, sk_…")
    stripe_webhook_secret: str = Field(
        "", description="signing secret of Stripe's webhook to /webhooks/stripe, whsec_…"
    )
    stripe_api: str = Field(
        "https://api.stripe.com",
        description="address of Stripe's API; another one in tests",
        pattern="^https?://",
    )
    bank_details: str = Field(
        "",
        description="account for bank transfers (holder, IBAN, BIC), shown to customers with the "
        "reference to quote; | begins a new line",
        max_length=500,
    )
    vat_exempt: bool = Field(
        False, description="small business without VAT (art. 293 B of the French tax code)"
    )
    vat_oss: bool = Field(
        False,
        description="consumers elsewhere in the EU pay the VAT of their country (one-stop shop); "
        "else that of home",
    )
    price_notice_days: int = Field(
        15, ge=0, le=90, description="days between telling a higher price and charging it"
    )
    scheduler: bool = Field(True, description="tick inside the server process")
    tick_seconds: int = Field(30, ge=1, le=3600, description="seconds between two ticks")
    proxies: int = Field(0, ge=0, le=5, description="reverse proxies in front, whose headers count")
    tacit_renewal_notice: bool = Field(
        False,
        description="announce tacit renewals of a year or more as French consumer law wants it",
    )
    session_days: int = Field(14, ge=1, le=365, description="days until a sign-in ends by itself")

    @field_validator("trusted_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )

    @field_validator("gateway")
    @classmethod
    def _gateway(cls, value: str, info: ValidationInfo) -> str:
        if value == "sandbox" and not info.data.get("sandbox"):
            raise ValueError(
                gettext("can only be sandbox with VIGIE_SANDBOX=1: its money does not exist")
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        # Hosts paste what their provider gives; psycopg 3 is the one driver installed.
        for scheme in ("postgres://", "postgresql://"):
            if value.startswith(scheme):
                return "postgresql+psycopg://" + value.removeprefix(scheme)
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError(gettext("must begin with sqlite:/// or postgresql://"))
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(gettext("must begin with http:// or https://"))
        try:
            parts = urlsplit(value)
            complete = bool(parts.hostname) and parts.port != 0
        except ValueError:
            complete = False
        if not complete:
            raise ValueError(gettext("must name a host, and at most a port from 1 to 65535"))
        return value.rstrip("/")

    @field_validator("stripe_secret_key", "stripe_webhook_secret")
    @classmethod
    def _stripe(cls, value: str, others: ValidationInfo) -> str:
        if not value and others.data.get("gateway") == "stripe":
            raise ValueError(gettext("is needed where VIGIE_GATEWAY is stripe"))
        return value

    @field_validator("mail_from", "mail_bounces_to")
    @classmethod
    def _sender(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "mail_bounces_to":
            return value
        if "@" not in value or any(sign in value for sign in "\r\n"):
            raise ValueError(gettext("must be an e-mail address"))
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        if not value.startswith(("file:", "smtp://", "smtps://")):
            raise ValueError(gettext("must begin with file:, smtp:// or smtps://"))
        try:
            port = urlsplit(value).port
        except ValueError:
            port = 0
        if port == 0:
            raise ValueError(gettext("must end with a port from 1 to 65535, or with the host"))
        return value

    @field_validator("host_logo")
    @classmethod
    def _logo(cls, value: str) -> str:
        if value and (not value.startswith("/") or value.startswith("//")):
            raise ValueError(gettext("must be a path of the portal itself, beginning with one /"))
        return value

    @property
    def chosen_gateway(self) -> str:
        """Who takes cards here; `manual` for nobody."""
        return self.gateway or ("sandbox" if self.sandbox else "manual")

    @model_validator(mode="before")
    @classmethod
    def _default_database(cls, values: dict[str, object]) -> dict[str, object]:
        if not values.get("database_url"):
            folder = Path(str(values.get("var_dir") or ROOT / "var"))
            values = {
                **values,
                "database_url": f"sqlite:///{(folder / 'vigie.sqlite3').absolute()}",
            }
        return values


def read_settings(
    environ: Mapping[str, str] | None = None, env_file: Path = ROOT / ".env"
) -> Settings:
    """Settings of the environment over those of the `.env` file.

    Raises BadSettings with a sentence per wrong variable.
    """
    given = os.environ if environ is None else environ
    merged = {k: v for k, v in dotenv_values(env_file).items() if v is not None} | dict(given)
    values: dict[str, str] = {}
    for variable, given_text in merged.items():
        name = variable.removeprefix(PREFIX).lower()
        if name == variable.lower() or variable.startswith(FOREIGN):
            continue
        text = given_text
        if name.endswith("_file") and name.removesuffix("_file") in Settings.model_fields:
            name, text = name.removesuffix("_file"), _read_secret(variable, given_text)
            if PREFIX + name.upper() in merged:
                raise BadSettings(
                    gettext("%s and %s are both set: keep one") % (variable, PREFIX + name.upper())
                )
        if name in Settings.model_fields:
            values[name] = text
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        raise BadSettings("\n".join(_sentence(error) for error in problem.errors())) from None


def _sentence(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    # A password in an address must not end up in a log.
    shown = "" if name in SECRET else " " + gettext("(it is %s)") % repr(error["input"])
    return f"{PREFIX}{name.upper()}: {_reason(error)}{shown}"


def _reason(error: ErrorDetails) -> str:
    limits: dict[str, object] = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(limits["error"])
        case "greater_than_equal":
            return gettext("must be at least %s") % limits["ge"]
        case "less_than_equal":
            return gettext("must be at most %s") % limits["le"]
        case "literal_error":
            return gettext("must be one of %s") % str(limits["expected"]).replace(" or ", ", ")
        case "string_too_long":
            return gettext("must have at most %s characters") % limits["max_length"]
        case "string_pattern_mismatch":
            return gettext("must look like %s") % limits["pattern"]
        case kind if kind.startswith("bool"):
            return gettext("must be 1 or 0")
        case kind if kind.startswith("int"):
            return gettext("must be a whole number")
        case _:
            return error["msg"]


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`VIGIE_…` variables that no setting reads: most often a slip of the pen."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {name + "_FILE" for name in known}
    return sorted(
        name for name in environ
        if name.startswith(PREFIX) and name not in known and not name.startswith(FOREIGN)
    )  # fmt: skip


def make_folder(variable: str, folder: Path) -> None:
    """Make a folder that a setting names; BadSettings where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSettings(
            gettext("%s: the folder %s cannot be made (%s)") % (variable, folder, problem.strerror)
        ) from None


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise BadSettings(
            gettext("%s: %s cannot be read (%s)") % (variable, path, problem.strerror)
        ) from None
