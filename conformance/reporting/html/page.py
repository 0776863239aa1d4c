"""Renders `report.html`: templates, inline style and script, and a policy that allows only these two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jinja2 import Environment
from markupsafe import Markup

from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.schema_language_differences import schema_differences
from conformance.exchange import Transcript
from conformance.judging.exit_code import RunStatus
from conformance.judging.run_result import RunResult
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.html import exploration_coverage, state_diagram, timeline
from conformance.reporting.html.failure_detail import FailureDetail
from conformance.reporting.html.page_model import PageModel
from conformance.reporting.html.run_advice import advice_for, clean_command
from conformance.reporting.html.template_environment import environment, render_page
from conformance.reporting.messages import lease_text
from conformance.text import Lang, Text

MAX_FAILURE_DETAIL_CHARACTERS: Final = 500_000
"""Most bytes of failures shown in full; further ones are only named, so that the page opens quickly."""

_OUTCOMES: Final[Mapping[RunStatus, Text]] = {
    "conformant": Text("Conformant", "符合"),
    "selection-held": Text("Selection passed", "所选部分通过"),
    "held-but-waived": Text("Passed with waivers", "除豁免外通过"),
    "passed-but-mapped": Text("Passed with mapped states", "映射状态名后通过"),
    "non-conformant": Text("Non-conformant", "不符合"),
    "stale-waivers": Text("Stale waivers", "豁免已失效"),
    "inconclusive": Text("Inconclusive", "无法判定"),
    "suite-error": Text("Suite error", "套件错误"),
}
_TITLE: Final = 80
"""How many characters of the target the title shows."""


def page(record: RunResult, transcripts: Mapping[str, Transcript], lang: Lang = "en") -> str:
    """Return the page, with `lang` shown first; scenarios without a transcript have no diagrams."""
    view = PageModel(record, transcripts)
    return render_page(
        "report.html.j2",
        lang,
        script="script.js",
        outcome=_OUTCOMES[record.decision.word],
        target=escape_line(record.metadata.subject, _TITLE),
        view=view,
        about=record.metadata,
        decision=record.decision,
        advice=advice_for(record),
        clean_command=clean_command(record),
        leases=lease_text(record.metadata),
        tally=record.tally,
        rendered_failures=_rendered_failures(view, environment(lang)),
        coverage=exploration_coverage.exploration_coverage_of(transcripts.values()),
        machine=state_diagram.draw_state_diagram(transcripts.values(), view.failed_steps),
        timeline=timeline.timeline_of(transcripts, {name: kind for name, _, kind, _ in view.scenarios}),
        register=ambiguities_of_profile(record.metadata.profile),
        differences=schema_differences(),
    )


def _rendered_failures(view: PageModel, templates: Environment) -> dict[str, Markup]:
    """Return the rendered failures by id, as many as fit; the first of every requirement come first."""
    template = templates.get_template("failure_detail.html.j2")
    room = MAX_FAILURE_DETAIL_CHARACTERS
    found: dict[str, Markup] = {}
    for detail in _in_turn(view):
        text = Markup(template.render(detail=detail, shown=found.keys(), removed=view.about.objects_removed))  # noqa: S704 - it has escaped already
        size = len(escape_surrogates(text).encode("utf-8"))
        if size <= room:
            found[detail.id] = text
            room -= size
    return found


def _in_turn(view: PageModel) -> list[FailureDetail]:
    rules = (
        view.requirements_with_verdict("failed")
        + view.requirements_with_verdict("warned")
        + view.requirements_with_verdict("waived")
    )
    deepest = max((len(rule.failure_details) for rule in rules), default=0)
    return [rule.failure_details[n] for n in range(deepest) for rule in rules if n < len(rule.failure_details)]
