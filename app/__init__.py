"""Vigie, the customer portal of small web hosts. `create_app` is its table of contents."""

from flask import Flask
from flask_migrate import Migrate

from app import wiring
from app.accounts import installation, navigation, sign_in
from app.cli import register_commands
from app.db import configure, db
from app.settings import Settings, read_settings
from app.web import errors, i18n, security, static, templates

migrate = Migrate(render_as_batch=True, compare_type=True)


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve. Raises BadSettings when a setting makes no sense."""
    settings = settings or read_settings()
    app = Flask(__name__)
    templates.init(app)
    configure(app, settings.database_url)
    migrate.init_app(app, db, directory=str(wiring.MIGRATIONS))
    wiring.outside(app, settings)
    # First, so that it compresses what all the others have finished.
    static.init(app)
    security.init(app, settings)
    i18n.init(app, installation.terms)
    sign_in.init(app)
    errors.init(app)
    navigation.init(app)
    wiring.pages(app)
    register_commands(app)
    return app
