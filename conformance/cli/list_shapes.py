"""`work-conformance list --shapes`: lists the emulator's foreign shapes, whose other operations deviate from the docs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cli import formats
from conformance.emulator.shapes import SHAPES, Shape
from conformance.text import Lang, Text

_UNREACHABLE: Final = Text("cannot be judged", "无法判定")
_HEADING: Final = Text("Shape | What this server does | Cannot be judged", "形态 | 该服务器的行为 | 无法判定")


def print_output(lang: Lang, form: str) -> None:
    """Print the list as text, Markdown or JSON."""
    formats.print_output(
        form, lang, data=lambda: [_data(shape) for shape in SHAPES.values()], markdown=_markdown, text=_text
    )


def _text(lang: Lang) -> Iterator[str]:
    for shape in SHAPES.values():
        yield f"{shape.id}: {shape.en if lang == 'en' else shape.zh}"
        if shape.unreachable:
            yield f"  {_UNREACHABLE.in_(lang)}: {' '.join(sorted(shape.unreachable))}"
    yield ""
    yield Text("{n} shapes", "{n} 个外来形态").format(n=len(SHAPES)).in_(lang)


def _markdown(lang: Lang) -> Iterator[str]:
    yield f"| {_HEADING.in_(lang)} |"
    yield "| --- | --- | --- |"
    for shape in SHAPES.values():
        rules = ", ".join(f"`{rule}`" for rule in sorted(shape.unreachable))
        yield f"| `{shape.id}` | {shape.en if lang == 'en' else shape.zh} | {rules} |"


def _data(shape: Shape) -> dict[str, Any]:
    return {
        "id": shape.id,
        "text": {"en": shape.en, "zh": shape.zh},
        "unreachable": sorted(shape.unreachable),
        "least_share_judged": shape.judged,
        "states": dict(shape.states),
    }
