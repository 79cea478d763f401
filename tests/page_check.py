"""What every page must have: one heading, a title, names for all controls, nothing inline."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
NEEDS_LABEL = {"input", "select", "textarea"}
NAMED_BY_TEXT = {"a", "button", "h1", "title", "caption", "legend"}
UNSEEN = {"hidden", "submit", "reset", "button", "image"}
POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "for", "form")


def problems(html: str) -> list[str]:
    """What is wrong with a page, in sentences; empty when all is well."""
    page = _Page()
    page.feed(html)
    page.close()
    return [*page.found, *page.whole()]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.ids: list[str] = []
        self.labels_for: set[str] = set()
        self.unlabelled: list[dict[str, str]] = []
        self.pointed: list[tuple[str, str]] = []
        self.count = dict.fromkeys(("h1", "title", "main", "html"), 0)
        self.open: list[tuple[str, dict[str, str], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inline(tag, given)
        if tag in self.count:
            self.count[tag] += 1
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "label" and "for" in given:
            self.labels_for.add(given["for"])
        self.pointed += [
            (name, one) for name in POINTERS if name in given for one in given[name].split()
        ]
        if tag == "html" and not given.get("lang"):
            self.found.append("<html> does not say its language")
        if tag == "img" and "alt" not in given:
            self.found.append(f"an image without alt: {given.get('src')}")
        if tag == "form" and not given.get("method"):
            self.found.append(f"a form without method: {given}")
        if tag in NEEDS_LABEL and given.get("type") not in UNSEEN:
            self._needs_label(given)
        if tag not in VOID:
            self.open.append((tag, given, []))

    def handle_data(self, data: str) -> None:
        for _tag, _given, text in self.open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not any(tag == opened for opened, *_ in self.open):
            self.found.append(f"</{tag}> closes nothing")
            return
        while self.open:
            opened, given, text = self.open.pop()
            if opened in NAMED_BY_TEXT and not self._name(given, text):
                self.found.append(f"<{opened}> without a name: {given}")
            if opened == tag:
                return
            if opened not in ("li", "p", "tr", "td", "th", "option", "dt", "dd"):
                self.found.append(f"<{opened}> is still open at </{tag}>")

    def whole(self) -> list[str]:
        """What only the whole page shows."""
        found = [
            f"{number} <{tag}> instead of one" for tag, number in self.count.items() if number != 1
        ]
        found += [f"id {one!r} twice" for one in set(self.ids) if self.ids.count(one) > 1]
        found += [
            f"a control without a label: {given}"
            for given in self.unlabelled
            if given.get("id") not in self.labels_for
        ]
        found += [f"{name} points to no id {one!r}" for name, one in self.pointed
                  if one not in self.ids]  # fmt: skip
        return found

    def _inline(self, tag: str, given: dict[str, str]) -> None:
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.found.append(f"an inline <{tag}>, which the policy forbids")
        self.found += [
            f"an inline {name} on <{tag}>" for name in given if name == "style" or name[:2] == "on"
        ]

    def _needs_label(self, given: dict[str, str]) -> None:
        named = given.get("aria-label") or given.get("aria-labelledby")
        if not named and not any(tag == "label" for tag, *_ in self.open):
            self.unlabelled.append(given)

    @staticmethod
    def _name(given: dict[str, str], text: list[str]) -> bool:
        return bool(
            given.get("aria-label") or given.get("aria-labelledby") or "".join(text).strip()
        )
