"""Renders the comparison of two runs as one self-contained page, with the style and the policy of `report.html`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.comparison.compare import Comparison
from conformance.reporting.comparison_text import conclusion
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.comparison_view import MOST_ENTRIES, OPENED, ComparedRun, ComparisonView
from conformance.reporting.html.template_environment import render_page
from conformance.text import Lang, Text

_TITLES: Final = {
    "worse": Text("Worse", "变差"),
    "better": Text("Better", "变好"),
    "different": Text("Different", "不同"),
    "same": Text("Same", "一致"),
}
_TITLE: Final = 60
"""How many characters of each target the title shows."""


def comparison_page(comparison: Comparison, a: ComparedRun, b: ComparedRun, place: Path, lang: Lang = "en") -> str:
    """Return the page, with `lang` shown first; `place` is the file that it will be written to."""
    view = ComparisonView(comparison, a, b, place)
    targets = " → ".join(escape_line(about.base_url, _TITLE) for _, about in view.runs)
    return render_page(
        "comparison.html.j2",
        lang,
        script="comparison.js",
        outcome=_TITLES[view.changes.trend],
        target=targets,
        view=view,
        conclusion=conclusion(comparison),
        most=MOST_ENTRIES,
        opened=OPENED,
    )
