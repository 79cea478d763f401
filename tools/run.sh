#!/bin/sh
# Serves the portal as a sandbox: brings the database up to date, loads the demo, starts the server.
set -eu
export VIGIE_SANDBOX=1 PORT="${PORT:-8000}"

# Before anything else, so that a second `make run` changes nothing and says why.
.venv/bin/python - <<'EOF'
import os, socket, sys

port = os.environ["PORT"]
if not port.isdigit() or not 0 < int(port) < 65536:
    sys.exit(f"PORT is {port!r}: it must be a number from 1 to 65535.")
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(port)))
    except OSError as problem:
        sys.exit(f"Port {port} cannot be used ({problem.strerror}). Try another: PORT={int(port) % 65535 + 1} make run")
EOF

# Mails and gateways lead back to where it is served, unless something else was said.
if [ -z "${VIGIE_PUBLIC_URL:-}" ] && ! grep -qs '^ *VIGIE_PUBLIC_URL=' .env; then
    export VIGIE_PUBLIC_URL="http://127.0.0.1:$PORT"
fi

.venv/bin/flask db upgrade
.venv/bin/flask demo
exec .venv/bin/gunicorn
