"""Renders the comparison of two runs as one self-contained page, with the style and the policy of `report.html`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from markupsafe import Markup

from conformance.comparison.compare import Comparison
from conformance.reporting.comparison_text import conclusion
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.html.comparison_view import MOST_ENTRIES, OPENED, ComparedRun, ComparisonView
from conformance.reporting.html.template_environment import environment, part, policy
from conformance.text import LANGS, Lang, Text

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
    style, script = part("style.css"), part("page.js") + part("comparison.js")
    targets = " → ".join(escape_line(about.base_url, _TITLE) for _, about in view.runs)
    word = _TITLES[view.changes.trend]
    text = (
        environment(lang)
        .get_template("comparison.html.j2")
        .render(
            view=view,
            lang=lang,
            titles={each: f"{word.in_(each)} · {targets} · work-conformance" for each in LANGS},
            conclusion=conclusion(comparison),
            most=MOST_ENTRIES,
            opened=OPENED,
            policy=policy(style, script),
            style=Markup(style),  # noqa: S704 - a file of ours
            script=Markup(script),  # noqa: S704 - a file of ours
        )
    )
    return escape_surrogates(text)
