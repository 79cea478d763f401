"""The application for a WSGI server and for the `flask` command."""

from app import create_app
from app.settings import BadSettings

try:
    app = create_app()
except BadSettings as problem:
    # A sentence that names the variable, not a traceback; exit status 1.
    raise SystemExit(str(problem)) from None
