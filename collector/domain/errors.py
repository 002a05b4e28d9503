"""The one family of errors. The class says what to do about it; only the edges (SMTP reply, HTTP problem, outcome) translate."""

from dataclasses import dataclass


class CollectorError(Exception):
    """Root of every error the collector raises on purpose."""


class Rejected(CollectorError):
    """The sender's fault, permanent: repeating the same thing will not help."""


class Unavailable(CollectorError):
    """Ours, temporary: the same thing may work later."""


class NotFound(CollectorError):
    """The named thing does not exist, or the caller may not know that it does."""


class Conflict(CollectorError):
    """The state moved: the action does not fit the present one."""


class ConfigurationError(CollectorError):
    """The configuration stops the start. The text names file, key or line, and the reason."""


class JournalError(CollectorError):
    """The journal cannot do what was asked; the text names the stream."""


class JournalFull(JournalError):
    """No room for the batch on the journal's disk. Nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where in a text file something is wrong. Lines count from 1; 0 means the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class FileErrors(ConfigurationError):
    """Every error found in one file (a customers file, a rule pack), each with its line."""

    def __init__(self, errors: list[Located]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


class PackError(FileErrors):
    """A rule pack that cannot be loaded."""
