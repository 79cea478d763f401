"""What a first visit of the list of mailboxes costs a phone on a slow line."""

from tests import make

MUST_BYTES, MUST_REQUESTS = 45_000, 6


def test_a_first_visit_of_the_list_is_light(app, clock, visit):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=5000)
        domain = make.domain(acme, "example.org")
        for n in range(60):
            make.mailbox(domain, acme, f"m{n:02}", on=n % 2 == 0, used_bytes=n * 2**25)
        marie = make.owner(acme)
    page = visit(marie, "about:blank")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    asked: list[str] = []
    received: list[int] = []
    network.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto("/domains/example.org/mailboxes", wait_until="networkidle")
    assert page.locator("tbody tr").count() >= 50
    assert len(received) == len(asked) <= MUST_REQUESTS, asked
    assert 10_000 < sum(received) <= MUST_BYTES, received
