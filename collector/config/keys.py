"""The list of all keys, derived from the model: names, defaults, kinds, environment variables. No values are read here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import BaseModel, SecretStr

from collector.config.model import Settings

Path: TypeAlias = tuple[str, ...]
PREFIX = "COLLECTOR__"


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: `path` from the root table, `default` as the model holds it."""

    path: Path
    default: object

    @property
    def variable(self) -> str:
        return variable(self.path)

    @property
    def is_secret(self) -> bool:
        return isinstance(self.default, SecretStr)

    @property
    def file_path(self) -> Path:
        """The twin of a secret that names a file with the value."""
        return (*self.path[:-1], f"{self.path[-1]}_file")


def variable(path: Path) -> str:
    """The environment variable that sets the key."""
    return PREFIX + "__".join(path).upper()


def words(path: Path) -> str:
    """The key as people write it: `site`, `[snmp] listen`, `[metrics.listen] api`."""
    *tables, name = path
    return f"[{'.'.join(tables)}] {name}" if tables else name


def all_keys() -> dict[Path, Key]:
    return {key.path: key for key in _walk(Settings, ())}


def toml_value(settings: Settings, path: Path) -> str:
    """The value of a key as it would stand in the file; a secret as its mask."""
    value: object = settings
    for name in path:
        value = getattr(value, name)
    return to_toml(value)


def to_toml(value: object) -> str:
    """A setting's value in TOML. None is the empty text."""
    match value:
        case bool() | int():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(to_toml(item) for item in value) + "]"
        case None:
            return '""'
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _walk(model: type[BaseModel], tables: Path) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        path = (*tables, name)
        if isinstance(field.default, BaseModel):
            yield from _walk(type(field.default), path)
        else:
            yield Key(path, field.default)
