"""The stand-in for Stripe behind a port of loopback, spoken to as Stripe's API is."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.contracts.stripe_stand_in import StripeStandIn


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as ``{"a": {"b": {"0": "c"}}}``."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        node, last = tree, first
        for part in rest:
            node, last = node.setdefault(last, {}), part
        node[last] = value
    return tree


@contextmanager
def serve(stand_in: StripeStandIn) -> Iterator[str]:
    """Its address, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._answer("GET", urlsplit(self.path).query)

        def do_POST(self):
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, method, encoded):
            path = urlsplit(self.path).path.removeprefix("/v1/")
            params = _nested(parse_qsl(encoded, keep_blank_values=True))
            answer = stand_in.answer(method, path, params, self.headers.get("Idempotency-Key"))
            self.close_connection = True
            if answer is None:
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
