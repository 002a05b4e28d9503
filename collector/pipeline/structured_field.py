"""Reading a structured header field strictly: words, quoted strings, comments (RFC 5322 section 3.2). In linear time and without
recursion, whatever stands there."""

import re

_BLANKS = re.compile(r"[ \t]+")
_PARENTHESIS = re.compile(r"[()\\]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_PAIR = re.compile(r"\\(.)")
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_LONGEST_DOMAIN = 253


class BadSyntax(ValueError):
    """The field is not written as its standard says, so nothing of it counts."""


class FieldScanner:
    """A place in a field's value."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._at = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self._value[self._at : self._at + 1]

    @property
    def rest(self) -> str:
        return self._value[self._at :]

    def skip(self) -> list[str]:
        """Pass blanks and comments. Return what the comments hold, without the outer parentheses. Raise BadSyntax."""
        comments: list[str] = []
        while True:
            if blanks := _BLANKS.match(self._value, self._at):
                self._at = blanks.end()
            if self.next != "(":
                return comments
            comments.append(self._comment())

    def _comment(self) -> str:
        begin, depth = self._at + 1, 0
        while mark := _PARENTHESIS.search(self._value, self._at):
            self._at = mark.end()
            if mark[0] == "\\":
                self._at += 1
                continue
            depth += 1 if mark[0] == "(" else -1
            if not depth:
                return self._value[begin : self._at - 1]
        raise BadSyntax("a comment has no end")

    def accept(self, character: str) -> bool:
        """Pass the character if it is the next one."""
        found = self.next == character
        self._at += found
        return found

    def expect(self, character: str) -> None:
        """Raise BadSyntax when another one comes."""
        if not self.accept(character):
            raise BadSyntax(f"no {character}")

    def word(self, pattern: re.Pattern[str]) -> str:
        """Raise BadSyntax when there is none."""
        found = pattern.match(self._value, self._at)
        if not found or found.end() == self._at:
            raise BadSyntax("a word is missing")
        self._at = found.end()
        return found[0]

    def quoted(self) -> str:
        """What a quoted string says. Raise BadSyntax when there is none, or it has no end."""
        found = _QUOTED.match(self._value, self._at)
        if not found:
            raise BadSyntax("a quoted string has no end")
        self._at = found.end()
        return _PAIR.sub(r"\1", found[1])

    def word_or_quoted(self, pattern: re.Pattern[str]) -> str:
        return self.quoted() if self.next == '"' else self.word(pattern)


def domain_in(address: str) -> str:
    """The domain of an address, or of a domain alone, in small letters; empty when it is none in ASCII."""
    domain = address.rpartition("@")[2].lower()
    return domain if len(domain) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(domain) else ""
