"""A sentence in English and Chinese, kept together so that neither can be forgotten.

Everything that a person reads (requirements, findings, reasons) is a `Text`. The writer of a report decides which
language is shown; the code that makes the sentence does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Lang: TypeAlias = Literal["en", "zh"]

LANGS: Final[tuple[Lang, ...]] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages.

    Only `format` interprets braces: a text that is never formatted may contain them unescaped.
    """

    en: str
    zh: str

    def in_(self, lang: Lang) -> str:
        """Return the sentence in `lang`."""
        return self.en if lang == "en" else self.zh

    def format(self, **values: object) -> Text:
        """Return a copy with every `{name}` replaced.

        A `Text` is inserted in the language of the sentence around it; other values are inserted as `str` shows them.
        Inserted values are not formatted again, so braces inside them stay. In Chinese, a space separates a Chinese
        character of the sentence from a Latin letter, digit or backquote at the edge of a value.

        Raises:
            KeyError: the sentence names a value that was not given.
        """
        chinese = _in_language(values, "zh")
        template = _spaced(self.zh, chinese) if _TOUCHES.search(self.zh) else self.zh
        return Text(self.en.format(**_in_language(values, "en")), template.format(**chinese))

    def to_json(self) -> dict[str, str]:
        """Return `{"en": …, "zh": …}`."""
        return {"en": self.en, "zh": self.zh}

    @classmethod
    def from_json(cls, value: object) -> Text:
        """Return the text that `to_json` wrote.

        Raises:
            ValueError: `value` is not an object with exactly the strings `en` and `zh`.
        """
        if isinstance(value, Mapping) and set(value) == {"en", "zh"}:
            en, zh = value["en"], value["zh"]
            if isinstance(en, str) and isinstance(zh, str):
                return cls(en, zh)
        raise ValueError('a text is an object with exactly the strings "en" and "zh"')


def own_language_first(lang: Lang) -> tuple[Lang, ...]:
    """Return both languages, `lang` first: the order of citations in a report."""
    return tuple(sorted(LANGS, key=lambda each: each != lang))


def join(separator: str | Text, texts: Iterable[Text]) -> Text:
    """Join `texts` in each language; a `Text` as separator differs by language (", " and "、")."""
    between = separator if isinstance(separator, Text) else Text(separator, separator)
    parts = tuple(texts)
    return Text(between.en.join(part.en for part in parts), between.zh.join(part.zh for part in parts))


def _spaced(template: str, values: Mapping[str, str]) -> str:
    """Return the template with spaces where a value begins or ends in a Latin letter beside a Chinese character."""

    def field(found: re.Match[str]) -> str:
        value = values.get(found["name"], "")
        before = " " if found["before"] is not None and _LATIN.match(value[:1]) else ""
        after = " " if found["after"] is not None and _LATIN.match(value[-1:]) else ""
        return f"{before}{found['field']}{after}"

    return _FIELD.sub(field, template)


_HAN: Final = "\u4e00-\u9fff"
_TOUCHES: Final = re.compile(rf"[{_HAN}]\{{|\}}[{_HAN}]")
_FIELD: Final = re.compile(rf"(?P<before>(?<=[{_HAN}]))?(?P<field>(?<!\{{)\{{(?P<name>\w+)\}})(?P<after>(?=[{_HAN}]))?")
_LATIN: Final = re.compile(r"[A-Za-z0-9`]")


def _in_language(values: Mapping[str, object], lang: Lang) -> dict[str, str]:
    return {name: value.in_(lang) if isinstance(value, Text) else str(value) for name, value in values.items()}
