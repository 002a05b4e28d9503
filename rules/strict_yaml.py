"""YAML as we want it: text stays text, everything has a line, nothing is guessed. Reads rule packs and the customers file.

Only `null`, `true`, `false` and decimal integers are more than text; what other readers take for something else (`1.3`, `no`,
`12:30`) must be quoted; anchors, aliases, tags, merge keys and doubled keys are errors. What the keys mean is said elsewhere."""

import yaml
from yaml.resolver import Resolver

from rules.nodes import Document, Entry, Node, Value

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 24
MAX_NODES = 400_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INT_TAG = "tag:yaml.org,2002:int"


def load(text: str, file: str, *, secret_keys: frozenset[str] = frozenset()) -> Node:
    """The root of the document in `text`. Syntax errors and forbidden forms stand in `root.document.errors` beside those that the
    accessors add later; the tree is as complete as it can be. `file` is the name that errors carry;
    no error repeats a value of `secret_keys`."""
    document = Document(file, secret_keys)
    if len(text) > MAX_CHARACTERS:
        document.add(0, f"longer than {MAX_CHARACTERS} characters")
        return Node(document, 0, None)
    builder = _Builder(document)
    try:
        for found in yaml.parse(text, Loader=_LOADER):
            builder.take(found)
    except _Stop:
        pass
    except yaml.MarkedYAMLError as error:
        mark: yaml.Mark | None = error.problem_mark or error.context_mark
        document.add(mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError):
        document.add(0, "not YAML: holds characters that YAML does not allow")
    if builder.root is None and not document.errors:
        document.add(0, "is empty")
    return builder.root or Node(document, 0, None)


class _Stop(Exception):
    """Reading on would only cost time."""


class _Builder:
    """Makes the tree from the parser's steps, without recursion."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[tuple[Node, tuple[str, int] | None]] = []
        self._key: tuple[str, int] | None = None
        self._nodes = 0
        self.root: Node | None = None

    def take(self, found: yaml.Event) -> None:
        match found:
            case yaml.ScalarEvent():
                self._scalar(found)
            case yaml.MappingStartEvent():
                self._enter(found, {})
            case yaml.SequenceStartEvent():
                self._enter(found, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                node, self._key = self._open.pop()
                self._place(node)
            case yaml.AliasEvent():
                self._stop(found, "an alias (*name) is not allowed: write the value out")
            case yaml.DocumentStartEvent() if self.root is not None:
                self._stop(found, "a second document (---) is not allowed")

    def _stop(self, found: yaml.Event, message: str) -> None:
        self._document.add(_line(found), message)
        raise _Stop

    def _enter(self, found: yaml.MappingStartEvent | yaml.SequenceStartEvent, value: Value) -> None:
        self._check_node(found)
        if len(self._open) >= MAX_DEPTH:
            self._stop(found, f"nested deeper than {MAX_DEPTH} levels")
        if self._awaits_key():
            self._stop(found, "a key must be plain text")
        self._open.append((Node(self._document, _line(found), value), self._key))
        self._key = None

    def _check_node(self, found: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(found, f"more than {MAX_NODES} values")
        if found.anchor is not None:
            self._document.add(_line(found), "an anchor (&name) is not allowed: write the value out")
        if found.tag is not None:
            self._document.add(_line(found), f"a tag ({found.tag}) is not allowed")

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0].value, dict) and self._key is None

    def _scalar(self, found: yaml.ScalarEvent) -> None:
        self._check_node(found)
        if self._awaits_key():
            if found.value == "<<" and not found.style:
                self._document.add(_line(found), "a merge key (<<) is not allowed: write the keys out")
            self._key = (found.value, _line(found))
            return
        self._place(Node(self._document, _line(found), self._read(found)))

    def _read(self, found: yaml.ScalarEvent) -> Value:
        text: str = found.value
        if found.style or found.tag is not None:
            return text
        if text in _PLAIN:
            return _PLAIN[text]
        meant = _other_meaning(text)
        if meant == _INT_TAG and _is_decimal(text):
            return int(text)
        if text == "":
            return None
        if meant is not None:
            word = "integer" if meant == _INT_TAG else meant.rsplit(":", 1)[-1]
            secret = self._key is not None and self._key[0] in self._document.secret_keys
            shown = "the value must be quoted" if secret else f'`{text}` must be quoted ("{text}")'
            self._document.add(_line(found), f"{shown}: other YAML readers take it for {_article(word)}")
        return text

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        container = self._open[-1][0].value
        if isinstance(container, list):
            container.append(node)
        elif isinstance(container, dict) and self._key is not None:
            (key, line), self._key = self._key, None
            if key in container:
                self._document.add(line, f"key `{key}` is doubled (first on line {container[key].line})")
            else:
                container[key] = Entry(line, node)


def _line(found: yaml.Event) -> int:
    mark = found.start_mark
    return mark.line + 1 if mark else 0


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _is_decimal(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 18 and (digits == "0" or digits[0] != "0")


def _other_meaning(text: str) -> str | None:
    """The tag that YAML 1.1 readers give to plain `text`, when that is not text."""
    for tag, pattern in Resolver.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            return str(tag)
    return None
