"""`work-conformance list --defects`: lists the emulator's defects, which violate the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cli import formats
from conformance.emulator.defects import DEFECTS, Defect
from conformance.text import Lang, Text

_FAILS: Final = Text("fails", "失败")
_WARNS: Final = Text("warned", "警告")


def print_output(lang: Lang, form: str) -> None:
    """Print the list as text, Markdown or JSON."""
    formats.print_output(
        form, lang, data=lambda: [_data(defect) for defect in DEFECTS.values()], markdown=_markdown, text=_text
    )


def _text(lang: Lang) -> Iterator[str]:
    for defect in DEFECTS.values():
        yield f"{defect.id}: {_sentence(defect, lang)}"
        for words, rules in ((_FAILS, defect.fails), (_WARNS, defect.warns)):
            if rules:
                yield f"  {words.in_(lang)}: {' '.join(sorted(rules))}"
    yield ""
    yield Text("{n} defects", "{n} 个缺陷").format(n=len(DEFECTS)).in_(lang)


def _markdown(lang: Lang) -> Iterator[str]:
    yield f"| {Text('Defect | What this server does wrong | Fails | Warned', '缺陷 | 该服务器的错误行为 | 失败 | 警告').in_(lang)} |"
    yield "| --- | --- | --- | --- |"
    for defect in DEFECTS.values():
        fails, warns = (", ".join(f"`{rule}`" for rule in sorted(rules)) for rules in (defect.fails, defect.warns))
        yield f"| `{defect.id}` | {_sentence(defect, lang)} | {fails} | {warns} |"


def _sentence(defect: Defect, lang: Lang) -> str:
    return defect.en if lang == "en" else defect.zh


def _data(defect: Defect) -> dict[str, Any]:
    return {
        "id": defect.id,
        "text": {"en": defect.en, "zh": defect.zh},
        "fails": sorted(defect.fails),
        "warns": sorted(defect.warns),
        "skips": sorted(defect.skips),
        "may_fail": sorted(defect.may_fail),
        "moves_time": defect.moves_time,
    }
