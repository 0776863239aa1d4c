"""Renders `report.html`: templates, inline style and script, and a policy that allows only these two."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemBytecodeCache, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from conformance.contract.ambiguities import load_ambiguities
from conformance.contract.catalogue import BASIS_WORDS
from conformance.contract.schema_language_differences import schema_differences
from conformance.exchange import Transcript
from conformance.judging.exit_code import RunStatus
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST, VerdictKind
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.html import (
    exploration_coverage,
    race_diagram,
    sequence_diagram,
    state_diagram,
    state_layout,
    timeline,
)
from conformance.reporting.html.doc_links import clause, linked
from conformance.reporting.html.failure_detail import FailureDetail
from conformance.reporting.html.html_text import BilingualHtml, block, inline_code, is_link
from conformance.reporting.html.page_model import PageModel
from conformance.reporting.html.run_advice import advice_for, clean_command
from conformance.reporting.messages import JUDGED_AGAIN
from conformance.reporting.next_steps import EXPLAIN, FIX, RE_RUN, REPRODUCE
from conformance.text import LANGS, Lang, Text

MAX_FAILURE_DETAIL_CHARACTERS: Final = 500_000
"""Most bytes of failures shown in full; further ones are only named, so that the page opens quickly."""

SIGNS: Final[Mapping[VerdictKind, str]] = {
    "failed": "✗",
    "suite-error": "‼",
    "inconclusive": "?",
    "waived": "≈",
    "warned": "!",
    "passed": "✓",
    "observed": "◉",
    "not-exercised": "–",
}
"""The sign shown beside a verdict's colour."""

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
    view, environment = PageModel(record, transcripts), _environment(lang)
    style, script = _part("style.css"), _part("script.js")
    text = environment.get_template("report.html.j2").render(
        view=view,
        lang=lang,
        about=record.metadata,
        decision=record.decision,
        titles=_titles(record),
        advice=advice_for(record),
        clean_command=clean_command(record),
        tally=record.tally,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - a file of ours
        rendered_failures=_rendered_failures(view, environment),
        coverage=exploration_coverage.exploration_coverage_of(transcripts.values()),
        machine=state_diagram.draw_state_diagram(transcripts.values(), view.failed_steps),
        timeline=timeline.timeline_of(transcripts, {name: kind for name, _, kind, _ in view.scenarios}),
        register=load_ambiguities(),
        differences=schema_differences(),
    )
    return escape_surrogates(text)


def _titles(record: RunResult) -> dict[Lang, str]:
    target = escape_line(record.metadata.base_url, _TITLE)
    word = _OUTCOMES[record.decision.word]
    return {lang: f"{word.in_(lang)} · {target} · work-conformance" for lang in LANGS}


class _CompiledOnce(FileSystemBytecodeCache):
    """Caches compiled templates beside the compiled modules; on a read-only disk they are compiled every time."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                super().dump_bytecode(bucket)


@cache
def _environment(lang: Lang) -> Environment:
    """Return the template environment; a process that renders many pages compiles the templates once."""
    words = BilingualHtml(lang)
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_part),
        bytecode_cache=_CompiledOnce(str(Path(__file__).parent / "__pycache__")),
    )
    environment.globals.update(
        t=words.sentence,
        colon=words.both(Text(": ", "：")),
        both=words.both,
        in_each=words.in_each,
        safe_text=escape_line,
        block=block,
        inline_code=inline_code,
        is_link=is_link,
        langs=LANGS,
        clause=clause,
        page_lang=lang,
        linked=linked,
        labels={"fix": FIX, "re_run": RE_RUN, "explain": EXPLAIN, "reproduce": REPRODUCE},
        judged_again=Text(f"{JUDGED_AGAIN.en[0].upper()}{JUDGED_AGAIN.en[1:]}.", f"{JUDGED_AGAIN.zh}。"),
        signs=SIGNS,
        words=WORDS,
        worst_first=WORST_FIRST,
        basis_words=BASIS_WORDS,
        machine_size=(state_layout.WIDTH, state_layout.HALF, state_layout.LOOPS, state_layout.LOOP_ROW),
        race_size=(race_diagram.WIDTH, race_diagram.BAR),
        sequence_width=sequence_diagram.WIDTH,
        timeline_size=(timeline.WIDTH, timeline.ROW),
    )
    return environment


def _rendered_failures(view: PageModel, environment: Environment) -> dict[str, Markup]:
    """Return the rendered failures by id, as many as fit; the first of every requirement come first."""
    template = environment.get_template("failure_detail.html.j2")
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


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that allows only the page's own style and script."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none';"
        f" style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def _part(name: str) -> str:
    return resources.files("conformance.reporting.html").joinpath("templates", name).read_text("utf-8")
