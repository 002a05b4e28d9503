"""What a person's mail says of itself: contact, product and version, operating system, priority, and the words that are the
sender's own. Labels stand here in Spanish, English, Portuguese and French; what is not there stays missing."""

import re
import unicodedata
from collections.abc import Iterator

from rules.text import clean, one_line

_MAX_TEXT = 64 << 10
"""Characters in which facts are looked for."""
_MAX_BEGINNING = 300
_DESCRIPTION = "description"

LABELS: dict[str, tuple[str, ...]] = {
    "product": (
        *("producto", "producto y version", "nombre del producto", "product", "product name", "product and version", "produto"),
        *("produto e versao", "nome do produto", "produit", "produit et version", "nom du produit"),
    ),
    "product_version": (
        *("version", "version del producto", "product version", "versao", "versao do produto", "version du produit"),
    ),
    "os": (
        *("so", "s o", "sistema operativo", "sistema operativo y version", "sistema", "plataforma", "plataforma y version", "os"),
        *("operating system", "operating system and version", "platform", "platform and version", "sistema operacional"),
        *("sistema operacional e versao", "plataforma e versao", "systeme d exploitation", "systeme d exploitation et version"),
        *("plateforme", "plateforme et version"),
    ),
    "os_version": (
        *(
            "version del sistema operativo",
            "version del so",
            "version de la plataforma",
            "os version",
            "operating system version",
        ),
        *("platform version", "versao do sistema operacional", "version du systeme d exploitation", "version du systeme"),
    ),
    "contact": (
        *("contacto", "nombre", "nombre de contacto", "nombre del contacto", "persona de contacto", "contact", "contact name"),
        *("contact person", "name", "contato", "nome", "nome do contato", "nom", "nom du contact", "personne a contacter"),
    ),
    "contact_mail": (
        *("correo", "correo electronico", "correo registrado", "correo electronico registrado", "correo de contacto", "mail"),
        *("e mail", "email", "registered e mail", "registered email", "contact e mail", "contact email", "e mail cadastrado"),
        *("email cadastrado", "courriel", "adresse e mail", "adresse courriel"),
    ),
    "phone": (
        *("telefono", "telefono de contacto", "tel", "celular", "movil", "phone", "phone number", "telephone", "mobile"),
        *("telefone", "celular de contato", "numero de telephone", "portable"),
    ),
    "description": (
        *("descripcion", "descripcion del problema", "detalle", "problema", "description", "problem", "problem description"),
        *("details", "descricao", "descricao do problema", "detalhes", "description du probleme", "probleme", "detail"),
    ),
    "priority": (
        *("prioridad", "nivel", "nivel de prioridad", "nivel de gravedad", "gravedad", "severidad", "nivel de severidad"),
        *("priority", "priority level", "level", "severity", "severity level", "sev", "prioridade", "nivel de prioridade"),
        *("gravidade", "severidade", "priorite", "niveau", "niveau de priorite", "gravite", "severite"),
    ),
}
"""Field → labels without accents, marks and capitals."""

_FIELD_OF = {label: name for name, labels in LABELS.items() for label in labels}
_PRIORITY_WORDS = frozenset(
    {
        *("nivel", "prioridad", "gravedad", "severidad", "level", "priority", "severity", "sev", "prio", "prioridade"),
        *("gravidade", "severidade", "niveau", "priorite", "gravite", "severite"),
    }
)
_BETWEEN = (
    _PRIORITY_WORDS | {"de", "del", "la", "el", "da", "do", "du", "of", "the", "n", "no", "nro", "numero"} | set(":=#()[].-–*°º")
)
_MOST_BETWEEN = 8
_RANGE = frozenset({"a", "al", "to", "ate", "o", "or", "ou", "y", "e", "and", "et", *"-–—/"})
_LEVELS = frozenset("1234")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[^\w\s]")
_LABELLED = re.compile(r"([^:=\t]{1,60})[:=\t](.*)", re.DOTALL)
_PARENTHESES = re.compile(r"\([^()]*\)")
_NO_WORD = re.compile(r"[\W_]+")
_PASSWORD = re.compile(r"\b(?:contrasena|clave|password|passwd|passphrase|senha|mot de passe|pwd)\b")
_QUOTE_HEAD = re.compile(
    r"-{2,} ?(?:original message|mensaje original|mensagem original|message d'origine|forwarded message|mensaje reenviado"
    r"|mensagem encaminhada|message transfere)|_{10,}$|(?:el|on|em|le) .{5,200}(?:escribio|wrote|escreveu|a ecrit) ?:$"
)
_FROM_HEAD = re.compile(r"(?:de|from) ?: ?\S")
_SENT_HEAD = re.compile(r"(?:enviado(?: el)?|sent|enviada(?: em)?|envoye|fecha|date|data) ?:")


def plain(text: str) -> str:
    """In small letters and without accents. Linear: nothing grows to more than four times its length (NFD)."""
    if text.isascii():
        return text.lower()
    pieces = unicodedata.normalize("NFD", text)
    return "".join([piece for piece in pieces if not unicodedata.combining(piece)]).casefold()


def own_lines(text: str) -> list[str]:
    """The lines that the sender wrote: not what is quoted below. All lines of a mail that only forwards or quotes."""
    lines = [line.strip() for line in text[:_MAX_TEXT].split("\n")]
    own: list[str] = []
    for number, line in enumerate(lines):
        if _begins_quote(lines, number):
            break
        if not line.startswith(">"):
            own.append(line)
    return own if any(own) else lines


def _begins_quote(lines: list[str], number: int) -> bool:
    line = plain(lines[number][:_MAX_BEGINNING])
    if _QUOTE_HEAD.match(line):
        return True
    return _FROM_HEAD.match(line) is not None and any(
        _SENT_HEAD.match(plain(after[:_MAX_BEGINNING])) for after in lines[number + 1 : number + 4]
    )


def facts_in(lines: list[str]) -> dict[str, str]:
    """Field → value, of lines that say `label: value` or have the value on the next line. The first that says something counts; a
    description goes on until the next label."""
    found: dict[str, str] = {}
    for name, pieces in _labelled(lines):
        value = clean("\n".join(pieces) if name == _DESCRIPTION else one_line(pieces[0] or next(filter(None, pieces), "")))
        if value:
            found.setdefault(name, value)
    return found


def _labelled(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Every label with its value and the lines below it, down to the next label."""
    name, pieces = "", [""]
    for line in lines:
        label, value = _label_of(line)
        if not label:
            pieces.append(line)
            continue
        if name:
            yield name, pieces
        name, pieces = label, [value]
    if name:
        yield name, pieces


def _label_of(line: str) -> tuple[str, str]:
    match = _LABELLED.match(line)
    if match is None:
        return "", ""
    label = " ".join(_NO_WORD.sub(" ", _PARENTHESES.sub(" ", plain(match[1]))).split())
    return _FIELD_OF.get(label, ""), match[2].strip(" \t*_")


def priority_in(subject: str, lines: list[str]) -> int | None:
    """Which of the levels 1-4 the sender gives: in the subject, or at the beginning of a line. None when there is none, or more
    than one, as in a list of what they mean."""
    told = {_level_in(subject, anywhere=True), *(_level_in(line, anywhere=False) for line in lines)} - {None}
    return told.pop() if len(told) == 1 else None


def _level_in(text: str, *, anywhere: bool) -> int | None:
    tokens = _TOKEN.findall(plain(text[:_MAX_BEGINNING]))
    for place, token in enumerate(tokens):
        if token in _PRIORITY_WORDS:
            return _level_behind(tokens[place + 1 : place + 1 + _MOST_BETWEEN])
        if not anywhere and token.isalnum():
            return None
    return None


def _level_behind(tokens: list[str]) -> int | None:
    """The number behind a word of priority. A range like `(1-4)` says nothing."""
    place = 0
    while place < len(tokens):
        level, behind = tokens[place], tokens[place + 1 : place + 3]
        if level in _LEVELS and not (len(behind) == 2 and behind[0] in _RANGE and behind[1] in _LEVELS):
            return int(level)
        if level not in _LEVELS | _BETWEEN:
            return None
        place += 3 if level in _LEVELS else 1
    return None


def names_password(lines: list[str]) -> bool:
    """Whether the sender speaks of a password."""
    return any(_PASSWORD.search(plain(line)) for line in lines)
