"""Measures the list of mailboxes and changes in bulk, and prints ratios: `make bench`.

Everything is asked of one server, gunicorn with one process and eight threads on SQLite, over one
kept connection, in rounds that take turns, so that a busy machine slows both sides of a ratio.
What the ratios stand against are a Flask page of 50 rows of 6 constants (tpl50), and the same rows
changed by one bare UPDATE. `BENCH="--sizes 100 10000 1000000"` chooses how many mailboxes.
"""  # noqa: INP001
# ruff: noqa: T201 - a program that prints.

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from http.cookies import SimpleCookie
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from flask import Flask, render_template, request
from flask_migrate import upgrade
from jinja2 import DictLoader
from sqlalchemy import text
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app import create_app
from app.db import transaction
from app.mailboxes.selecting import scope_of
from app.selections import service as selections
from app.settings import ROOT, read_settings
from tests import make
from tests.pages import csrf_token, fields, signed_in, statements

PAGE = """<!doctype html><table>{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"""
TPL50 = "/bench/tpl50"
CELLS = [[f"row {row} cell {cell}" for cell in range(6)] for row in range(50)]
# The columns that a change of ours sets, in one statement.
UPDATE = """UPDATE subscriptions SET auto_renewal = :on, renewal_months = 1, verdict = NULL,
auto_renewal_since = :at, billed_organization_id = 1, next_slot_on = :slot, missing = NULL WHERE """


def served() -> DispatcherMiddleware:
    """What gunicorn serves: the portal, and below /bench what it is measured against."""
    app, bare = create_app(), Flask("bench")
    bare.jinja_loader = DictLoader({"tpl50.html": PAGE})

    @bare.get("/tpl50")
    def tpl50() -> str:
        return render_template("tpl50.html", rows=CELLS)

    @bare.post("/update")
    def update() -> str:
        ids = ",".join(str(int(one)) for one in request.form.getlist("id"))
        with app.app_context():
            bare_update(f"id IN ({ids})", on=request.form["on"] == "1")
        return "done"

    return DispatcherMiddleware(app, {"/bench": bare})


def bare_update(where: str, *, on: bool) -> None:
    """The choice set by one statement, and committed."""
    values = {"on": on, "at": str(make.NOW), "slot": make.TODAY.isoformat() if on else None}
    with transaction() as session:
        session.execute(text(UPDATE + where), values)


class Bench:
    """The portal with one domain for each size, and a browser of their owner's."""

    def __init__(self, app: Flask, port: int, sizes: list[int]) -> None:
        self.app = app
        self.server = ("127.0.0.1", port)
        self.connection = http.client.HTTPConnection(*self.server, timeout=300)
        with app.app_context():
            make.usual_prices()
            acme = make.organization("Acme", balance=10**9)
            self.owner = make.owner(acme)
            self.domains = {size: make.domain(acme, f"m{size}.org", on=True) for size in sizes}
            self.ids = {size: make.mailboxes(self.domains[size], acme, size) for size in sizes}
        self.client = signed_in(app, self.owner)
        self.cookie = self.client.get_cookie("vigie").value

    def again(self) -> "Bench":
        """The same browser over a connection of its own."""
        twin = copy(self)
        twin.connection = http.client.HTTPConnection(*self.server, timeout=300)
        return twin

    def list_of(self, size: int) -> str:
        return f"/domains/m{size}.org/mailboxes"

    def ask(self, address: str, data: object = None, **headers: str) -> tuple[str, str]:
        """The answer's text, and where it leads; its cookie is kept, as by a browser."""
        headers["Cookie"] = f"vigie={self.cookie}"
        body = None if data is None else urlencode(data, doseq=True)  # type: ignore[arg-type]
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("GET" if body is None else "POST", address, body, headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        if answer.status >= 400:
            sys.exit(f"{address} answered {answer.status}: {page[:500]}")
        for cookie in SimpleCookie(answer.getheader("Set-Cookie")).values():
            self.cookie = cookie.value
        return page, answer.getheader("Location", "")

    def tick(self, size: int, ids: list[int] | None = None) -> None:
        """Tick rows as the list does, or with None all that it finds; this is not measured."""
        with self.app.app_context(), transaction() as session:
            sign_in_id, scope = 1, scope_of(self.domains[size].id)
            selections.clear(session, sign_in_id, scope)
            if ids is None:
                selections.tick_matching(session, sign_in_id, scope, {}, now=make.NOW)
            else:
                selections.tick(session, sign_in_id, scope, on=ids, now=make.NOW)

    def change(self, size: int, ids: list[int] | None, *, on: bool) -> Callable[[], object]:
        """Tick, open the form and fill it; the answer sends it and opens the list again."""
        self.tick(size, ids)
        address = f"{self.list_of(size)}/auto-renewal"
        filled = fields(self.ask(address)[0], address)
        filled = filled if on else {key: text for key, text in filled.items() if key != "on"}
        return lambda: self.ask(self.ask(address, filled)[1])

    def one_tick(self, size: int) -> Callable[[], object]:
        token = csrf_token(self.ask(self.list_of(size))[0])
        number = self.ids[size][7]
        data = {"csrf_token": token, "mailbox": number, "touched": number, "shown": 50}
        htmx = {"HX-Request": "true", "HX-Request-Type": "partial"}
        return lambda: self.ask(f"{self.list_of(size)}/selection", data, **htmx)

    def statements(self, size: int) -> int:
        """How many a page of the list takes, once the installation's terms are known."""
        self.client.get(self.list_of(size))
        with statements(self.app) as sent:
            self.client.get(self.list_of(size))
        return len(sent)


def took(act: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def medians(rounds: int, *acts: Callable[[], object]) -> list[float]:
    """The usual time of each, measured in turns, after two turns to warm up."""
    turns = [[took(act) for act in acts] for _ in range(rounds + 2)][2:]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def tell(what: str, ms: float, beside: float, must: float, aim: float) -> None:
    ratio = ms / beside
    verdict = "aim" if ratio <= aim else "must" if ratio <= must else "MISSED"
    print(f"{what:52} {ms:9.2f} ms {ratio:7.2f} x   {verdict:6} (must {must:g}, aim {aim:g})")


def measure_pages(bench: Bench, sizes: list[int], rounds: int) -> None:
    lists = [lambda size=size: bench.ask(bench.list_of(size)) for size in sizes]
    tpl50, *pages = medians(rounds, lambda: bench.ask(TPL50), *lists)
    print(f"tpl50 {tpl50:.2f} ms")
    for size, ms in zip(sizes, pages, strict=True):
        tell(f"list of {size:,}, against tpl50", ms, tpl50, 4, 2.5)
        print(f"    {bench.statements(size)} statements (must 6, aim 4)")
    for size, ms in zip(sizes[1:], pages[1:], strict=True):
        must, aim = (1.2, 1.1) if size <= 10_000 else (1.5, 1.2)
        tell(f"list of {size:,}, against {sizes[0]:,}", ms, pages[0], must, aim)
    asks = (lambda: bench.ask(TPL50), bench.one_tick(sizes[-1]), lists[-1])
    tpl50, ticked, page = medians(rounds, *asks)
    print(f"{f'a tick among {sizes[-1]:,}':52} {ticked:9.2f} ms {ticked / tpl50:7.2f} x tpl50")
    print(f"{'the same list with a tick':52} {page:9.2f} ms {page / tpl50:7.2f} x tpl50")


def measure_rate(bench: Bench, size: int, seconds: float) -> None:
    """Requests a second over eight connections, in turns."""
    addresses = (TPL50, bench.list_of(size))
    done = [0, 0]

    def ask(turn: int, until: float, mine: Bench) -> None:
        while time.perf_counter() < until:
            mine.ask(addresses[turn])
            done[turn] += 1

    for turn in (0, 1, 0, 1):
        until = time.perf_counter() + seconds
        asking = [threading.Thread(target=ask, args=(turn, until, bench.again())) for _ in range(8)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
    tell(f"list of {size:,}, eight at a time", 1000 / done[1], 1000 / done[0], 4, 2.5)


def measure_search(bench: Bench, size: int, rounds: int) -> None:
    """By a beginning; by three characters that all, few and no addresses have."""
    of = bench.list_of(size)
    wanted = ("bo", "box", "0042", "zzz")
    asks = [lambda letters=letters: bench.ask(f"{of}?q={letters}") for letters in wanted]
    page, *searches = medians(rounds, lambda: bench.ask(of), *asks)
    for letters, ms in zip(wanted, searches, strict=True):
        must, aim = (2, 1.5) if letters == "bo" else (3, 2)
        tell(f"search of {letters} in {size:,}, against the list", ms, page, must, aim)


def measure_bulk(bench: Bench, size: int, number: int | None, rounds: int) -> None:
    """Switch so many ticked ones, or all, on and off in turns: a bare UPDATE first, then ours."""
    ids = None if number is None else bench.ids[size][:number]
    where = f"kind = 'mailbox' AND domain_id = {bench.domains[size].id}"
    ours, bare = [], []
    for turn in range(2 * rounds):
        on = turn % 2 == 0
        if ids is None:
            with bench.app.app_context():
                bare.append(took(lambda on=on: bare_update(where, on=on)))
                bare_update(where, on=not on)
        else:
            data = {"id": ids, "on": int(on)}
            bare.append(took(lambda data=data: bench.ask("/bench/update", data)))
            bench.ask("/bench/update", data | {"on": int(not on)})
        ours.append(took(bench.change(size, ids, on=on)))
    what = f"{number:,} ticked of {size:,}, against a bare POST" if number else (
        f"all {size:,} by filter, against one bare UPDATE")  # fmt: skip
    must, aim = (5, 3) if number else (4, 2.5)
    tell(f"bulk: {what}", statistics.median(ours), statistics.median(bare), must, aim)


@contextmanager
def server(folder: str) -> Iterator[tuple[Flask, int]]:
    """The portal on an empty database here, and served by gunicorn; yields it and the port."""
    os.environ |= {
        "VIGIE_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "VIGIE_VAR_DIR": folder,
        "VIGIE_SECRET_KEY": "only-for-the-bench", "VIGIE_SANDBOX": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    app = create_app(read_settings())
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    # From another folder, since gunicorn.conf.py here starts the scheduler too.
    options = f"--bind=127.0.0.1:{port} --threads=8 --keep-alive=300 --log-level=warning".split()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "gunicorn", *options, "tools.bench:served()"], cwd=folder
    )
    try:
        yield app, port
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=100)
    wish = parser.parse_args()
    with TemporaryDirectory() as folder, server(folder) as (app, port):
        bench = Bench(app, port, wish.sizes)
        measure_pages(bench, wish.sizes, wish.rounds)
        measure_rate(bench, wish.sizes[1], 2)
        measure_search(bench, wish.sizes[-1], min(wish.rounds, 30))
        measure_bulk(bench, wish.sizes[1], 1000, 5)
        for size in wish.sizes[1:]:
            measure_bulk(bench, size, None, 2)


if __name__ == "__main__":
    main()
