"""How the portal is served: one process with threads, and the scheduler inside it."""

import os

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
# More workers are harmless (jobs are claimed), and rarely needed.
workers = 1
threads = 8
control_socket_disable = True


def post_worker_init(worker):
    """Start the scheduler in the process that serves: never by import, never in the parent."""
    from app.jobs import scheduler

    scheduler.start(worker.wsgi)
