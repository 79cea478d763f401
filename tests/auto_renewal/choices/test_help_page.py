"""The two ways of the help page, with links and forms alone."""

import re

from tests.auto_renewal.choices.world import choice
from tests.auto_renewal.world import MAILBOX, text
from tests.pages import fill


class TestSeedB:
    """The two ways of the help page, with links and forms alone."""

    def follow(self, client, address: str, name: str) -> str:
        """The address of the link with that text or name on a page."""
        page = text(client.get(address))
        for link in re.finditer(r'<a ([^>]*href="([^"]+)"[^>]*)>(.*?)</a>', page, re.DOTALL):
            words = re.sub(r"<[^>]+>", "", link[3]).strip()
            label = re.search(r'aria-label="([^"]+)"', link[1])
            if name in (words, label and label[1]):
                return link[2]
        raise AssertionError(f"no link {name!r} on {address}")

    def to_mailboxes(self, client) -> str:
        domain = self.follow(client, self.follow(client, "/", "Domains"), "example.org")
        return self.follow(client, domain, "Mailboxes and forwardings")

    def test_from_the_list_of_mailboxes(self, app, owner, domain):
        mailboxes = self.to_mailboxes(owner)
        page = self.follow(owner, mailboxes, "Manage auto-renewal")
        answer = fill(owner, page.split("?")[0].replace("%40", "@"), {"on": "y"})
        assert answer.location == mailboxes
        assert 'aria-label="Auto-renewal on"' in text(owner.get(mailboxes))

    def test_from_the_mailbox_itself(self, app, owner, domain):
        mailbox = self.follow(owner, self.to_mailboxes(owner), "info@example.org")
        page = self.follow(owner, mailbox, "Change – Auto-renewal")
        fill(owner, page.split("?")[0].replace("%40", "@"), {"on": "y", "period": "yearly"})
        assert "On" in text(owner.get(mailbox))
        assert choice(app, MAILBOX).months == 12
