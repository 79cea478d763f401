"""Headers, cookies, forged requests and host names: what every answer is protected by."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import Settings

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
    csrf.init_app(app)
    app.before_request(_refuse_other_sites)
    app.after_request(_headers)


def _refuse_other_sites() -> None:
    if request.method not in SAFE_METHODS and request.headers.get("Sec-Fetch-Site") in (
        "cross-site",
        "same-site",
    ):
        abort(403)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.endpoint not in ("static", "web.host_css"):
        # Private pages must not come back from a cache after signing out.
        headers["Cache-Control"] = "no-store"
        headers["Vary"] = "Accept-Language, Cookie, HX-Request"
    return response


def _kept_secret(folder: Path) -> str:
    """The signing key of this installation, made on its first start and readable by it alone."""
    path = folder / "secret_key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")
