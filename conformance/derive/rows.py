"""Reads table rows and paragraphs as facts: closed vocabularies strictly, descriptions by known phrases."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from conformance.derive.errors import UnparsablePage
from conformance.derive.lexicon import Lexicon, error_types, nearest, normalize_word
from conformance.derive.markdown import Inline


@dataclass(frozen=True, slots=True)
class Row:
    """A table row. `key` is its subject: a field, header, status, state, rule or resource.

    `facts` by aspect: `type` (list of JSON types), `required`, `default`, `const`, `prefix`, `time`, `utc`,
    `string_values`, `says_null`, `section` (anchor of a section that it refers to), `error_type`, `value` (a
    description that is one code span), `mentions` (the other code spans) and `numbers` outside code. `prose` is the
    description, if it says more than these.
    """

    key: str
    line: int
    facts: Mapping[str, Any]
    prose: str = ""


def parse_row(page: str, words: Lexicon, kind: str, line: int, cells: Mapping[str, Inline]) -> Row:
    """Read one table row. `cells` are its cells by column.

    Raises:
        UnparsablePage: a word is not in its column's vocabulary, or the first cell is empty.
    """
    facts: dict[str, Any] = {}
    key = _key(page, words, kind, line, cells["name"])
    if "type" in cells:
        facts["type"] = _types(page, words, line, cells["type"])
    if "required" in cells:
        facts["required"] = _required(page, words, line, cells["required"])
    if "error_type" in cells:
        facts["error_type"] = _error_type(page, line, cells["error_type"])
    for column in ("default", "prefix"):
        if column in cells:
            facts[column] = cells[column].text.replace("`", "")
    said, prose = _described(words, cells.get("description", Inline("")))
    return Row(key, line, {**facts, **said}, prose)


def parse_paragraph(words: Lexicon, content: Inline) -> tuple[dict[str, Any], str]:
    """Return the facts of a paragraph and the rest of its text. A single code span is the operation's address."""
    if len(content.codes) == 1 and content.text == f"`{content.codes[0]}`":
        return {"operation": content.codes[0]}, ""
    return _described(words, content)


def _described(words: Lexicon, content: Inline) -> tuple[dict[str, Any], str]:
    facts: dict[str, Any] = {}
    rest = content.text
    mentioned = set(content.codes) - {"null"}
    phrases = words.find_phrases(content)
    for phrase in reversed(phrases):
        rest = rest[: phrase.start] + rest[phrase.end :]
    for meaning, phrase in {
        phrase.meaning: phrase for phrase in reversed(phrases)
    }.items():  # the first phrase with a meaning counts
        facts[meaning] = True if phrase.code is None else _value(meaning, phrase.code)
        mentioned.discard(phrase.code or "")
    if len(content.codes) == 1 and content.text == f"`{content.codes[0]}`":
        facts["value"], rest = content.codes[0], ""
    elif mentioned:
        facts["mentions"] = sorted(mentioned)
    if "null" in content.codes:
        facts["says_null"] = True
    numbers = {int(number) for number in re.findall(r"[0-9]+", re.sub(r"`[^`]*`|\]\([^)]*\)", "", rest))}
    if numbers:
        facts["numbers"] = sorted(numbers)
    anchors = [unquote(link[1:]) for link in content.links if link.startswith("#")]
    if anchors:
        facts["section"] = anchors[0]
    return dict(sorted(facts.items())), content.text if any(map(str.isalnum, rest)) else ""


def _value(meaning: str, code: str) -> Any:
    """Return a constant parsed as JSON, or a prefix unchanged."""
    if meaning != "constant":
        return code
    try:
        return json.loads(code)
    except ValueError:
        return code


def _key(page: str, words: Lexicon, kind: str, line: int, cell: Inline) -> str:
    key = cell.codes[0] if len(cell.codes) == 1 else cell.text
    if not key:
        raise UnparsablePage(page, line, en="the first cell is empty", zh="第一个单元格为空")
    if kind == "rules":
        rule = words.rule_of_row(key)
        if rule is None:
            raise _unknown(page, line, key, words.words_under("rules"), en="rule", zh="规则")
        return rule
    if kind == "errors" and not (
        len(normalize_word(key)) == 3 and normalize_word(key).isdecimal() and "100" <= normalize_word(key) <= "599"
    ):
        raise UnparsablePage(page, line, en=f"{key!r} is not an HTTP status", zh=f"“{key}”不是 HTTP 状态码")
    return normalize_word(key) if kind == "errors" else key


def _types(page: str, words: Lexicon, line: int, cell: Inline) -> list[str]:
    types = []
    for word in normalize_word(cell.text).replace("\\", "").split("|"):
        name = words.type_name(word)
        if name is None:
            raise _unknown(page, line, word.strip() or cell.text, words.words_under("types"), en="type", zh="类型")
        types.append(name)
    return types


def _required(page: str, words: Lexicon, line: int, cell: Inline) -> bool:
    answer = words.is_required(cell.text)
    if answer is None:
        known = words.words_under("required")
        raise _unknown(page, line, cell.text, known, en="word for 'required' or 'optional'", zh="表示是否必填的词")
    return answer


def _error_type(page: str, line: int, cell: Inline) -> str:
    word = normalize_word(cell.text)
    if word not in error_types():
        raise _unknown(page, line, word, error_types(), en="error type", zh="错误类型")
    return word


def _unknown(
    page: str, line: int, word: str, known: list[str] | tuple[str, ...], *, en: str, zh: str
) -> UnparsablePage:
    near = nearest(word, known)
    listed = ", ".join(known)
    return UnparsablePage(
        page,
        line,
        en=f"unknown {en} {word!r}; " + (f"did you mean {near!r}?" if near else f"known: {listed}"),
        zh=f"未知的{zh}“{word}”；" + (f"是否应为“{near}”？" if near else f"已知：{listed}"),
    )
