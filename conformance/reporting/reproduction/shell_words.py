"""Text as words and comments of a POSIX shell: everything is literal, except for variables that the suite names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Final

from conformance.reporting.escaping import escape_line, escape_surrogates

_SECRET: Final = re.compile(
    r"\$\(tr a-zA-Z A-Za-z <<<\$\{(?P<swapped>[A-Za-z_][A-Za-z0-9_]*):(?P<start>\d+):(?P<count>\d+)\}\)"
    r"|\$\(printf %s: \"\$\{(?P<basic>[A-Za-z_][A-Za-z0-9_]*)\}\" \| base64 -w0\)"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<cut>%\?)?(?::(?P<begin>\d+)(?::(?P<size>\d+))?)?\}"
)
"""The shell expressions that stand for secrets in a transcript, some of which only Bash knows."""

_COMMAND: Final = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
"""What GitHub, Azure and TeamCity take for a command anywhere in a line; `shlex.quote` puts it between single quotes."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def literal(text: str) -> str:
    """Return one shell word that is this text; control characters become spaces.

    An empty pair of quotes in the middle of the word keeps build servers from reading a command in it.
    """
    return _COMMAND.sub("#''", shlex.quote(_CONTROL.sub(" ", escape_surrogates(text))))


def comment(text: str) -> str:
    """Return one line of a comment."""
    return f"# {escape_line(text)}".rstrip()


def default(name: str, word: str) -> str:
    """Return a line that gives a variable this word as its value unless it has one."""
    return f'[ -n "${{{name}:-}}" ] || {name}={word}'


def joined(*words: str) -> str:
    """Return pieces of words as one word; an empty one is written as two quotes."""
    return "".join(words) or "''"


def with_secrets(text: str, *, in_url: bool = False) -> str:
    """Return one shell word: the variables of secrets are expanded, the rest is literal."""
    return substituted(text, _SECRET, _in_url if in_url else _expanded)


def secrets_in(text: str) -> list[str]:
    """Return the names of the variables in a text."""
    return [match["name"] or match["basic"] or match["swapped"] for match in _SECRET.finditer(text)]


def substituted(text: str, pattern: re.Pattern[str], word: Callable[[re.Match[str]], str]) -> str:
    """Return one shell word in which `word` stands for each match of the pattern; the rest is literal."""
    pieces, end = [], 0
    for match in pattern.finditer(text):
        before = text[end : match.start()]
        pieces += [literal(before)] if before else []
        pieces.append(word(match))
        end = match.end()
    rest = text[end:]
    return joined(*pieces, literal(rest) if rest else "")


def _in_url(match: re.Match[str]) -> str:
    return f'"$(in_path {_expanded(match)})"'


def _expanded(match: re.Match[str]) -> str:
    """Return the expression in double quotes, as every POSIX shell understands it."""
    if match["swapped"]:
        start, count = int(match["start"]), int(match["count"])
        return f'"$(printf %s "${match["swapped"]}" | cut -c {start + 1}-{start + count} | tr a-zA-Z A-Za-z)"'
    if match["basic"]:
        return f'"$(basic "${match["basic"]}")"'
    if match["cut"]:
        return f'"${{{match["name"]}%?}}"'
    if match["begin"] is None:
        return f'"${{{match["name"]}}}"'
    first, last = int(match["begin"]) + 1, ""
    if match["size"] is not None:
        if match["size"] == "0":
            return ""
        last = str(int(match["begin"]) + int(match["size"]))
    return f'"$(printf %s "${match["name"]}" | cut -c {first}-{last})"'
