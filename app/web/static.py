"""Style sheets and script: named by content and kept for a year; all answers compressed."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

YEAR = 365 * 86400


def init(app: Flask) -> None:
    """Give static addresses their version, and compress what goes out."""
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_MIN_SIZE"] = 500
    Compress(app)
    folder = Path(app.root_path) / "static"

    @cache
    def version(filename: str) -> str:
        path = folder / filename
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""

    @app.url_defaults
    def name_by_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and not app.debug:
            values["v"] = version(values["filename"])

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            # Whole, not streamed: gzip is only spoken for whole answers, and ours are small.
            response.direct_passthrough = False
            response.make_sequence()
            asked = request.args.get("v")
            if asked and asked == version(str((request.view_args or {})["filename"])):
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
