"""Reads the settings from a TOML file and the environment. Every mistake is found at once and told with its place."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from collector.config.keys import PREFIX, Key, Path, all_keys, variable, words
from collector.config.model import Settings
from collector.config.problems import line_numbers, reason, shown, unknown_key, unknown_variable, unreadable
from collector.domain.errors import FileErrors, Located

CONFIG_VARIABLE = "COLLECTOR_CONFIG"
_SECRETS_KEY = ("secrets", "key")
Table: TypeAlias = dict[str, object]


@dataclass(slots=True)
class _Reading:
    """What was read so far. `origin` says which variable set a key; other keys come from the file."""

    file: str = ""
    lines: dict[Path, int] = field(default_factory=dict)
    values: Table = field(default_factory=dict)
    origin: dict[Path, str] = field(default_factory=dict)
    problems: list[Located] = field(default_factory=list)
    secret_files: dict[Path, FilePath] = field(default_factory=dict)
    """From where secrets were read, by their key."""

    def problem(self, path: Path, why: str) -> None:
        """Note a mistake at a key: by its variable, else by its line, else by the line of the nearest table above it."""
        prefixes = [path[:length] for length in range(len(path), 0, -1)]
        if variable_name := next((self.origin[prefix] for prefix in prefixes if prefix in self.origin), ""):
            self.problems.append(Located(variable_name, 0, f"{words(path)}: {why}"))
            return
        line = next((self.lines[prefix] for prefix in prefixes if prefix in self.lines), 0)
        self.problems.append(Located(self.file or "configuration", line, f"{words(path)}: {why}"))


def load(config: FilePath | None, environment: Mapping[str, str]) -> Settings:
    """The settings from `config` (else the file named by COLLECTOR_CONFIG, else none) with the environment's values over them.
    A variable that is there and empty is a mistake: what was to stand in it is not known, and the defaults are other data.

    Raise ConfigurationError with one line for each mistake: file and line (or variable), key, reason.
    """
    reading = _Reading()
    named = config or environment.get(CONFIG_VARIABLE)
    if named:
        _read_file(reading, FilePath(named))
    elif named is not None:
        reading.problems.append(Located(CONFIG_VARIABLE, 0, "is empty; name the settings file, or do not set it"))
    if not reading.problems:
        _read_environment(reading, environment)
        _read_secret_files(reading)
        settings = _validate(reading)
        if settings is not None and not reading.problems:
            if (key_file := reading.secret_files.get(_SECRETS_KEY)) is not None:
                settings.secrets.note_file(key_file)
            return settings
    raise FileErrors(sorted(reading.problems, key=lambda problem: (problem.file, problem.line, problem.message)))


def _read_file(reading: _Reading, path: FilePath) -> None:
    reading.file = str(path)
    try:
        text = path.read_bytes().decode("utf-8")
        reading.lines = line_numbers(text)
        reading.values = tomllib.loads(text)
    except OSError as error:
        reading.problems.append(Located(reading.file, 0, unreadable(error)))
    except UnicodeDecodeError:
        reading.problems.append(Located(reading.file, 0, "is not UTF-8 text"))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        reading.problems.append(Located(reading.file, line, f"is not TOML: {str(error).partition(' (at ')[0]}"))


def _read_environment(reading: _Reading, environment: Mapping[str, str]) -> None:
    keys = all_keys()
    known: dict[str, Path] = {key.variable: path for path, key in keys.items()}
    known |= {variable(key.file_path): key.file_path for key in keys.values() if key.is_secret}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        path = known.get(name)
        if path is None:
            reading.problems.append(Located(name, 0, unknown_variable(name, known)))
            continue
        try:
            value = _from_text(keys.get(path), text)
        except ValueError as error:
            reading.problems.append(Located(name, 0, f"{words(path)}: {error}"))
            continue
        if _put(reading.values, path, value):
            reading.origin[path] = name


def _from_text(key: Key | None, text: str) -> object:
    match key.default if key else None:
        case bool():
            if text.lower() not in ("true", "false"):
                raise ValueError(f"must be true or false, not {text!r}")
            return text.lower() == "true"
        case int():
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise ValueError(f"must be a whole number, not {text!r}")
            return int(text)
        case tuple():
            return _list(text)
        case _:
            return text


def _list(text: str) -> object:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        # an IPv6 address in brackets begins like a JSON list
        return [part.strip() for part in text.split(",") if part.strip()]


def _put(values: Table, path: Path, value: object) -> bool:
    """Set a key in nested tables; False when the file has something else than a table on the way (the model reports that)."""
    for name in path[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            return False
        values = inner
    values[path[-1]] = value
    return True


def _read_secret_files(reading: _Reading) -> None:
    """Replace every `<key>_file` by the content of the file that it names, without the newline at its end."""
    for key in all_keys().values():
        table = _table(reading.values, key.path[:-1])
        if not key.is_secret or table is None or key.file_path[-1] not in table:
            continue
        _let_the_environment_win(reading, key, table)
        if (name := table.pop(key.file_path[-1], None)) is None:
            continue
        if key.path[-1] in table:
            other = reading.origin.get(key.path, words(key.path))
            reading.problem(key.file_path, f"stands beside {other}; only one of them can be")
            continue
        try:
            text = FilePath(str(name)).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            reading.problem(key.file_path, f"{shown(name)} {unreadable(error)}")
        except ValueError:
            # not UTF-8, or a zero in the file's name
            reading.problem(key.file_path, f"{shown(name)} is not a file with UTF-8 text")
        else:
            if text:
                table[key.path[-1]] = text
                reading.secret_files[key.path] = FilePath(str(name)).absolute()
            else:
                reading.problem(key.file_path, f"{shown(name)} is empty")


def _let_the_environment_win(reading: _Reading, key: Key, table: Table) -> None:
    """Of a secret and its twin, one from the environment takes the other's place in the file."""
    from_environment = [path for path in (key.path, key.file_path) if path in reading.origin]
    if len(from_environment) == 1:
        (other,) = {key.path, key.file_path} - set(from_environment)
        table.pop(other[-1], None)


def _table(values: Table, path: Path) -> Table | None:
    for name in path:
        inner = values.get(name)
        if not isinstance(inner, dict):
            return None
        values = inner
    return values


def _validate(reading: _Reading) -> Settings | None:
    try:
        return Settings.model_validate(reading.values)
    except ValidationError as found:
        for error in found.errors(include_url=False):
            _translate(reading, error)
        return None


def _translate(reading: _Reading, error: ErrorDetails) -> None:
    keys = all_keys()
    path = tuple(part for part in error["loc"] if isinstance(part, str))
    if not path:
        reading.problems.append(Located(reading.file or "configuration", 0, str(error.get("ctx", {}).get("error", error["msg"]))))
    elif error["type"] == "extra_forbidden":
        secret_twins = [key.file_path for key in keys.values() if key.is_secret]
        reading.problem(path, unknown_key(path, [*keys, *secret_twins]))
    else:
        key = keys.get(path)
        reading.problem(path, reason(error, secret=key is not None and key.is_secret))
