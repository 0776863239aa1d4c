"""Whether a name of a vendor, a product or a version is what it appears to be.

A name is data that people read on a badge. Characters that cannot be seen, letters that look like other letters, and
words that claim more than a certificate says are refused, each with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal, get_args

from conformance.text import Text

LONGEST_NAME: Final = 120
"""Maximum characters of a vendor's name, a product or a version."""

NamedThing = Literal["vendor", "product", "version"]
NAMED_THINGS: Final[tuple[NamedThing, ...]] = get_args(NamedThing)

WORDS: Final[dict[NamedThing, Text]] = {
    "vendor": Text("vendor", "厂商"),
    "product": Text("product", "产品"),
    "version": Text("version", "版本"),
}

_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION: Final = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
"""Characters that Python calls printable although nothing of them is seen."""

_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are written together in one word, as in 阿里云Gateway."""

_SCRIPTS: Final = {
    "CJK": "HAN",
    "IDEOGRAPHIC": "HAN",
    "KANGXI": "HAN",
    "KATAKANA-HIRAGANA": "KATAKANA",
}
_SCRIPTLESS: Final = frozenset({"MODIFIER", "COMBINING", "FEMININE", "MASCULINE", "MICRO"})
_LOOK_LATIN: Final = {
    "CYRILLIC": frozenset("аеорсухіјѕһԁԛԝӏАВЕЅІЈКМНОРСТУХ"),
    "GREEK": frozenset("οορνιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
    "CHEROKEE": frozenset("ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎵᎷᎻᎽᏀᏂᏃᏎᏏᏒᏔᏚᏞᏟᏢᏦᏭᏮᏴᏵ"),
    "LISU": frozenset(map(chr, range(0xA4D0, 0xA4F8))),
}
"""Letters that nobody can tell from Latin ones."""

_ODD_LATIN: Final = ((0x01C0, 0x01C3), (0x0250, 0x02AF), (0x1D00, 0x1DBF))
"""Latin letters of phonetic alphabets, which look like common ones."""

_CLAIMS: Final = re.compile(r"certified|self-attested|witnessed|已认证|经认证|认证通过|官方认证", re.IGNORECASE)
_CLAIMS_APART: Final = ("certified", "selfattested", "witnessed")
"""The same without signs and blanks, so that nobody writes them with some."""

_LISTED: Final = re.compile(r"(?<![^\W_])listed(?![^\W_])|已登记|有见证", re.IGNORECASE)
_OWNER: Final = "qoder"
"""The name of the API's owner."""

_NO_VERSION: Final = frozenset({"", "latest", "na", "none", "null", "tbd", "unknown", "version", "v"})

_LINE: Final = Text(
    f"give one printable line of at most {LONGEST_NAME} characters, without blanks at either end",
    f"请给出一行可打印文字，至多 {LONGEST_NAME} 个字符，首尾不带空白",
)
_UNSEEN: Final = Text("the character U+{code} cannot be seen; remove it", "其中的字符 U+{code} 不可见；请去掉")
_DISGUISED: Final = Text(
    "the character U+{code} looks like another one; write {plain} in its place",
    "其中的字符 U+{code} 与另一个字符形似；请改写为 {plain}",
)
_ALIKE: Final = Text(
    "its {script} letters look like Latin ones; write it in one alphabet",
    "其中的 {script} 字母与拉丁字母形似；请只用一种字母书写",
)
_MIXED: Final = Text(
    "the word {word} mixes letters of several scripts ({scripts}); write each word in one script",
    "单词 {word} 混用了多种文字的字母（{scripts}）；请让每个单词只用一种文字",
)
_CLAIM: Final = Text("the word {word} is a claim, not a name; leave it out", "“{word}”是一种声明，而不是名称；请去掉")
_OWNERS: Final = Text(
    "Qoder is the name of the API's owner; give the name of the product's vendor",
    "Qoder 是该 API 所有者的名称；请填写产品厂商的名称",
)
_VERSIONLESS: Final = Text("it names no version; give one such as 2.4", "它没有指明版本；请填写如 2.4 的版本")


def is_line(value: object) -> bool:
    """Return whether a value is one printable line of limited length, without blanks at its ends."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and value.strip() == value


def plain_name(value: str) -> str:
    """Return the letters and digits of a name in one case: names that differ in nothing else look alike."""
    return "".join(char for char in value.casefold() if char.isalnum())


def name_problem(thing: NamedThing, value: object) -> Text | None:
    """Return why a value cannot be the name of such a thing, as a clause; None if it can."""
    if not isinstance(value, str) or not is_line(value):
        return _LINE
    return next(_problems(thing, value), None)


def _problems(thing: NamedThing, value: str) -> Iterator[Text]:
    yield from _characters(value)
    yield from _scripts(value)
    plain = plain_name(value)
    claim = _CLAIMS.search(value) or _LISTED.search(value)
    apart = next((word for word in _CLAIMS_APART if word in plain), None)
    if claim is not None or apart is not None:
        yield _CLAIM.format(word=claim[0] if claim is not None else apart)
    if thing == "vendor" and _OWNER in plain.replace("0", "o"):
        yield _OWNERS
    if thing == "version" and plain in _NO_VERSION:
        yield _VERSIONLESS


def _characters(value: str) -> Iterator[Text]:
    """Yield a reason for each character that cannot be seen or stands for another one."""
    for char in value:
        if char in _INVISIBLE or _is_in(char, _VARIATION):
            yield _UNSEEN.format(code=f"{ord(char):04X}")
        plain = unicodedata.normalize("NFKC", char)
        if unicodedata.category(char)[0] in "LN" and plain != char:
            yield _DISGUISED.format(code=f"{ord(char):04X}", plain=plain)
        elif _is_in(char, _ODD_LATIN):
            yield _DISGUISED.format(code=f"{ord(char):04X}", plain=Text("a common letter", "普通字母"))
    whole = unicodedata.normalize("NFC", value)
    if whole != value:
        at = next((char for char in value if unicodedata.combining(char)), value[0])
        yield _DISGUISED.format(code=f"{ord(at):04X}", plain=Text("composed letters", "组合后的字母"))


def _scripts(value: str) -> Iterator[Text]:
    """Yield a reason for each word of several scripts, and for words that only look Latin."""
    for word in re.findall(r"[^\W_]+", value):
        scripts = {script for script in map(_script, word) if script is not None}
        if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
            yield _MIXED.format(word=word, scripts=", ".join(sorted(map(str.title, scripts))))
    for script, alike in _LOOK_LATIN.items():
        letters = [char for char in value if _script(char) == script]
        if letters and all(char in alike for char in letters):
            yield _ALIKE.format(script=script.title())


def _script(char: str) -> str | None:
    """Return the script of a letter, by the first word of its name; None for digits and signs."""
    if not char.isalpha():
        return None
    first = unicodedata.name(char, "UNKNOWN").partition(" ")[0]
    return None if first in _SCRIPTLESS else _SCRIPTS.get(first, first)


def _is_in(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)
