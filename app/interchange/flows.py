"""A whole import: hash the passwords, then load the document in one transaction."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from app.accounts.installation import forget_terms, terms
from app.accounts.passwords import hash_password
from app.db import reading, transaction
from app.domains.ports import registrars
from app.interchange.adding import Hashes
from app.interchange.problems import BadFile, Problem
from app.interchange.service import Outcome, check, load, passwords_to_hash
from app.interchange.shape import Document
from app.interchange.standing import standing_for_staff
from app.web.state import now

# Shows how far a long iteration of so many steps has come.
Progress = Callable[[Iterable[str], int], Iterable[str]]


def _in_silence(steps: Iterable[str], _count: int) -> Iterable[str]:
    return steps


def bring_in(document: Document, source: str, progress: Progress = _in_silence) -> Outcome:
    """Import a document from `source`. Raises BadFile; then nothing is changed."""
    known = list(registrars())
    try:
        hashes = _hashes(document, known, progress)
        at = now()
        with transaction() as session:
            return load(session, document, hashes, registrars=known, source=source, now=at)
    except IntegrityError as refused:
        raise BadFile(
            [Problem("", _("the portal changed meanwhile: %(detail)s", detail=refused.orig))]
        ) from refused
    finally:
        # What the transaction saw may never have been committed.
        forget_terms()


def _hashes(document: Document, known: list[str], progress: Progress) -> Hashes:
    """Hashed before the transaction begins: each takes as long as hundreds of rows (L16)."""
    given = [row.password for row in document.users] + [row.password for row in document.mailboxes]
    if not any(given):
        return Hashes({}, {})
    with reading() as session:
        standing = standing_for_staff(session, terms(session), document)
        # Nobody should wait for hashes to learn that the file is wrong.
        check(document, standing, known)
    users, mailboxes = passwords_to_hash(document, standing)
    return Hashes(_hashed(users, progress), _hashed(mailboxes, progress))


def _hashed(passwords: Mapping[str, str], progress: Progress) -> dict[str, str]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        hashes = progress(pool.map(hash_password, passwords.values()), len(passwords))
        return dict(zip(passwords, hashes, strict=True))
