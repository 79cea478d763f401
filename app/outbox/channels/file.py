"""Mails as files below `var/mail`: the default, for trials and for the curious."""

from pathlib import Path

from app.lib.ids import digest
from app.outbox.channels import message
from app.outbox.ports import Accepted, Letter, Rejected, TryLater


class FileChannel:
    """Writes each mail to a file that mail programs open; the same mail is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        """Write the file whole or not at all."""
        try:
            content = bytes(message(letter))
        except ValueError as problem:
            return Rejected(str(problem))
        name = f"{letter.written_at:%Y%m%dT%H%M%S}-{digest(letter.message_id)[:12]}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{name}.part"
            part.write_bytes(content)
            part.replace(self._folder / name)
        except OSError as problem:
            return TryLater(f"{self._folder}: {problem.strerror}")
        return Accepted()
