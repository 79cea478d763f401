"""Headers, cookies, forged requests and host names: what every answer is protected by."""

import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from app.settings import Settings, make_folder

csrf = CSRFProtect()

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:; object-src 'none'"
)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def init(app: Flask, settings: Settings) -> None:
    """Set cookies, forgery protection, trusted hosts and headers."""
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key or _kept_secret(settings.var_dir),
        SESSION_COOKIE_NAME="vigie",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=settings.session_days * 86400,
        # A sign-in ends when its row says so; sending the cookie again would not prolong it.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form stays valid as long as its session: nobody loses an hour's typing.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        # 2 MiB is far more than any form of ours.
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
    )
    public = urlsplit(settings.public_url).hostname
    app.config["TRUSTED_HOSTS"] = sorted(
        {str(public), "localhost", "127.0.0.1", "[::1]", *settings.trusted_hosts}
    )
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_nul)
    csrf.init_app(app)
    app.after_request(_headers)


def _refuse_other_hosts() -> None:
    # Flask checks Host. Without a proxy nobody sends this one in good faith (threat 10).
    for host in request.headers.get("X-Forwarded-Host", "").split(","):
        if host.strip() and not _is_ours(host.strip()):
            raise SecurityError


def _refuse_other_sites() -> None:
    """Forms of other sites are refused before their token is looked at (threat 4)."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and not _is_ours(urlsplit(origin).netloc):
        abort(403)


def _is_ours(host: str) -> bool:
    return host_is_trusted(host, current_app.config["TRUSTED_HOSTS"])


def _refuse_nul() -> None:
    # PostgreSQL holds no NUL in a text, so nothing has a name or an address with one.
    if "\0" in request.path:
        abort(404)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint not in ("static", "web.host_css"):
        # Private pages must not come back from a cache after signing out.
        headers["Cache-Control"] = "no-store"
        headers["Vary"] = "Accept-Language, Cookie, HX-Request-Type"
    return response


def _kept_secret(folder: Path) -> str:
    """The signing key of this installation, made on its first start and readable by it alone."""
    path = folder / "secret_key"
    make_folder("VIGIE_VAR_DIR", folder)
    if not path.exists():
        # Written whole under another name first: processes that start together must agree on one.
        draft = folder / f"secret_key.{secrets.token_hex(8)}"
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="ascii")
