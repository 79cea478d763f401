"""What every mail server promises, whoever it is."""

from dataclasses import replace

import pytest

from app.db import TransactionOpen, transaction
from app.mailboxes.ports import ForwardingState, MailboxState, MailServer, NoAddress, mail_server
from app.service_states.ports import Applied, Refused, Unknown
from app.service_states.rules import ServiceState

BOX = MailboxState("info@example.org", ServiceState.ACTIVE, 1, 3072, "hash")
FORWARDING = ForwardingState(
    "contact@example.org", ServiceState.ACTIVE, 1, ("a@b.example", "c@d.example")
)


@pytest.fixture(params=["sandbox"])
def server(request, app, db_context) -> MailServer:
    assert request.param == "sandbox"
    return mail_server()


@pytest.mark.parametrize("wanted", [BOX, FORWARDING])
def test_what_it_is_told_it_holds(server, wanted):
    assert server.tell([wanted]) == [Applied()]
    assert server.held(wanted.name) == wanted


def test_of_what_it_was_not_told_it_knows_nothing(server):
    assert server.held("nobody@example.org") is None


@pytest.mark.parametrize("state", [s for s in ServiceState if s is not ServiceState.REMOVED])
def test_each_state_can_follow_each_other(server, state):
    for revision, one in enumerate((state, ServiceState.SUSPENDED, state), start=1):
        server.tell([replace(BOX, state=one, revision=revision)])
        held = server.held(BOX.name)
        assert isinstance(held, MailboxState)
        assert held.state is one


def test_repeats_change_nothing(server):
    server.tell([BOX])
    assert server.tell([BOX]) == [Applied()]
    assert server.held(BOX.name) == BOX


def test_what_comes_late_changes_nothing(server):
    newer = replace(BOX, state=ServiceState.SUSPENDED, revision=2)
    server.tell([newer])
    assert server.tell([BOX, NoAddress(BOX.name, 1)]) == [Applied(), Applied()]
    assert server.held(BOX.name) == newer


def test_what_is_removed_is_gone_and_removing_it_again_is_harmless(server):
    server.tell([BOX])
    for _ in range(2):
        assert server.tell([NoAddress(BOX.name, 2)]) == [Applied()]
        assert server.held(BOX.name) is None


def test_each_gets_its_own_answer_in_order(server):
    refused = replace(BOX, name="server-refused@example.org")
    down = replace(BOX, name="server-down@example.org")
    kinds = [type(answer) for answer in server.tell([refused, FORWARDING, down])]
    assert kinds == [Refused, Applied, Unknown]
    assert server.held(FORWARDING.name) == FORWARDING


def test_it_is_never_called_inside_a_transaction(server):
    with transaction(), pytest.raises(TransactionOpen):
        server.tell([BOX])
