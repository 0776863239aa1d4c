"""`badge.svg` and `badge.json`: the result of a run. It says nothing about a product; a certificate has a badge of its own."""

from __future__ import annotations

from typing import Final

from conformance.certificate.badge_svg import Badge
from conformance.judging.exit_code import RunStatus
from conformance.judging.run_result import RunResult
from conformance.reporting.escaping import escape_for_xml, escape_line
from conformance.text import Lang, Text

LABEL: Final = Text("work ack tests", "work ack 测试")

_GREEN: Final = "#2c7a3f"
_AMBER: Final = "#8a6100"
_RED: Final = "#b3261e"
_GREY: Final = "#5f6368"
_MESSAGES: Final[dict[RunStatus, tuple[Text, str]]] = {
    "conformant": (Text("{passed} passed", "{passed} 条通过"), _GREEN),
    "selection-held": (Text("{passed} of {all} passed", "{all} 条中 {passed} 条通过"), _GREEN),
    "held-but-waived": (Text("{passed} passed, {waived} waived", "{passed} 条通过，{waived} 条豁免"), _AMBER),
    "passed-but-mapped": (Text("{passed} passed, states mapped", "{passed} 条通过，映射了状态名"), _AMBER),
    "non-conformant": (Text("{failed} failed", "{failed} 条失败"), _RED),
    "stale-waivers": (Text("stale waivers", "豁免已失效"), _RED),
    "inconclusive": (Text("inconclusive", "无法判定"), _GREY),
    "suite-error": (Text("suite error", "套件错误"), _GREY),
}
"""All counts are of MUST requirements."""


def badge_for(record: RunResult, lang: Lang) -> Badge:
    """Return the run's badge. White text on each of its colours has the contrast that WCAG requires for small text."""
    tally = record.tally
    words, colour = _MESSAGES[record.decision.word]
    message = words.format(
        passed=len(tally.requirements_with_verdict("passed", level="MUST")),
        all=tally.must_in_catalogue,
        waived=len(tally.requirements_with_verdict("waived", level="MUST")),
        failed=len(tally.requirements_with_verdict("failed", level="MUST")),
    )
    return Badge(label=LABEL.in_(lang), message=message.in_(lang), colour=colour)


def svg(record: RunResult, lang: Lang) -> str:
    """Return the badge as SVG, with the run's outcome as its title."""
    return badge_for(record, lang).svg(escape_for_xml(escape_line(record.decision.sentence.in_(lang))))


def endpoint(record: RunResult, lang: Lang) -> str:
    """Return the JSON from which shields.io draws the badge."""
    return badge_for(record, lang).endpoint()
