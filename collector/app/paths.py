"""The names of what the roles share in the run directory."""

from pathlib import Path

from collector.config import Settings


def process_wake(settings: Settings) -> Path:
    """The socket on which `process` is told that there is something new in the journal."""
    return settings.run_dir / "process.wake"


def api_wake(settings: Settings) -> Path:
    """The socket on which the API is told that cases or messages changed."""
    return settings.run_dir / "api.wake"


def writer_turn(settings: Settings) -> Path:
    """The token of those who wait for the store's write lock."""
    return settings.run_dir / "writer.turn"


def loaded_names(settings: Settings) -> Path:
    """The names that were loaded from MIB files."""
    return settings.data_dir / "mibs" / "names.json"


def snapshot(settings: Settings) -> Path:
    """What the receivers know; `process` writes it."""
    return settings.data_dir / "snapshot.json"


def snapshot_beat(settings: Settings) -> Path:
    """The file that `process` touches each time that the store said the same as the snapshot."""
    return settings.run_dir / "snapshot.beat"
