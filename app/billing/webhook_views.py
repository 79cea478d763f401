"""Where gateways tell us that something happened: signed, stored, answered at once (L9)."""

import logging

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.billing import events
from app.billing.ports import BadEvent, gateways
from app.db import transaction
from app.web.security import csrf
from app.web.state import now

log = logging.getLogger(__name__)

blueprint = Blueprint("webhooks", __name__)
# The signature says who sends, so that no form of ours is needed.
csrf.exempt(blueprint)

# Bytes; a gateway's largest event is a tenth of it.
LARGEST = 256 * 1024


@blueprint.post("/webhooks/<gateway>")
def receive(gateway: str) -> Response:
    """200 once the event is stored, known or of no interest; 400 when the gateway did not send it.

    Another answer makes the gateway send it again. What is left out is found by reconciliation.
    """
    if gateway not in gateways():
        return _answer(404, "no such gateway")
    request.max_content_length = LARGEST
    try:
        event = gateways().get(gateway).read_event(request.get_data(), dict(request.headers), now())
    except RequestEntityTooLarge:
        return _answer(413, "too large")
    except BadEvent as bad:
        log.warning("an event for %s was refused: %s", gateway, bad)
        return _answer(400, "not an event")
    if event is not None:
        with transaction() as session:
            events.store(session, gateway, event, now())
    return _answer(200, "ok")


def _answer(status: int, text: str) -> Response:
    return Response(f"{text}\n", status=status, mimetype="text/plain")
