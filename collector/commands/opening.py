"""The store as commands open it: for one command, beside whatever runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from collector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collector.config import Settings
    from collector.store.engine import Store, Turn


def require_store_file(settings: "Settings") -> None:
    """Raise ConfigurationError when the store is a file that is not there: opening would make it, empty, and the directories
    above it, wherever the settings happen to point."""
    from collector.store.engine import check_url, file_of

    file = file_of(check_url(settings.store_url))
    try:
        is_there = file is None or file.exists()
    except OSError as error:
        raise ConfigurationError(f"{file}: the store cannot be used: {error.strerror}") from error
    if not is_there:
        raise ConfigurationError(f"{file}: there is no store; look at data_dir and [store] url, or make it: `collector migrate`")


@contextmanager
def opened_store(settings: "Settings", *, make: bool = False) -> Iterator[tuple["Store", "Turn"]]:
    """The store and the writer's turn. Raise ConfigurationError when the data directory cannot be used, or the store is not there
    and may not be made."""
    from collector.app.paths import writer_turn
    from collector.ownership import inherited, like_its_directory
    from collector.store.engine import Store
    from collector.writer_turn import WriterTurn

    if not make:
        require_store_file(settings)
    with inherited(settings.data_dir):
        try:
            settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            like_its_directory(settings.run_dir)
            turn = WriterTurn(writer_turn(settings))
            like_its_directory(writer_turn(settings))
        except OSError as error:
            raise ConfigurationError(f"data_dir: {settings.data_dir} cannot be used: {error.strerror}") from error
        store = Store(settings.store_url)
        try:
            yield store, turn.waiting
        finally:
            store.close()
            turn.close()
