"""`work-conformance list --variants`: lists the emulator's variants, unusual but conformant servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cli import formats
from conformance.emulator.variants import VARIANTS, Variant
from conformance.text import Lang, Text

_GROUP: Final = Text("excludes the others of", "与同组其他变体互斥")
_WARNS: Final = Text("warned", "警告")
_SKIPS: Final = Text("not exercised", "未执行")
_HEADING: Final = Text(
    "Variant | What this server does | Group | Warned | Not exercised", "变体 | 该服务器的行为 | 组 | 警告 | 未执行"
)


def print_output(lang: Lang, form: str) -> None:
    """Print the list as text, Markdown or JSON."""
    formats.print_output(
        form, lang, data=lambda: [_data(variant) for variant in VARIANTS.values()], markdown=_markdown, text=_text
    )


def _text(lang: Lang) -> Iterator[str]:
    for variant in VARIANTS.values():
        yield f"{variant.id}: {_sentence(variant, lang)}"
        if variant.group is not None:
            yield f"  {_GROUP.in_(lang)}: {variant.group}"
        for words, rules in ((_WARNS, variant.warns), (_SKIPS, variant.skips)):
            if rules:
                yield f"  {words.in_(lang)}: {' '.join(sorted(rules))}"
    yield ""
    yield Text("{n} variants", "{n} 个变体").format(n=len(VARIANTS)).in_(lang)


def _markdown(lang: Lang) -> Iterator[str]:
    yield f"| {_HEADING.in_(lang)} |"
    yield "| --- | --- | --- | --- | --- |"
    for variant in VARIANTS.values():
        warns, skips = (", ".join(f"`{rule}`" for rule in sorted(rules)) for rules in (variant.warns, variant.skips))
        group = f"`{variant.group}`" if variant.group is not None else ""
        yield f"| `{variant.id}` | {_sentence(variant, lang)} | {group} | {warns} | {skips} |"


def _sentence(variant: Variant, lang: Lang) -> str:
    return variant.en if lang == "en" else variant.zh


def _data(variant: Variant) -> dict[str, Any]:
    return {
        "id": variant.id,
        "text": {"en": variant.en, "zh": variant.zh},
        "group": variant.group,
        "warns": sorted(variant.warns),
        "skips": sorted(variant.skips),
    }
