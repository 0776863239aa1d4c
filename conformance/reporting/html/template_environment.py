"""Renders the HTML pages: the template environment, and the policy that allows only a page's own style and script."""

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

from conformance.contract.catalogue import BASIS_WORDS
from conformance.judging.verdict import WORDS, WORST_FIRST, VerdictKind
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.found_and_expected import expected_text, found_text
from conformance.reporting.html import race_diagram, sequence_diagram, state_layout, timeline
from conformance.reporting.html.doc_links import clause, linked
from conformance.reporting.html.html_text import BilingualHtml, block, inline_code, is_link, utc
from conformance.reporting.messages import HISTORY, HISTORY_MARKS, JUDGED_AGAIN, LAST_OUTPUT, PROCESS, VIOLATION
from conformance.reporting.next_steps import EXPLAIN, FIX, LIKELY_FIX, RE_RUN, REPRODUCE
from conformance.text import LANGS, Lang, Text

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
def environment(lang: Lang) -> Environment:
    """Return the template environment; a process that renders many pages compiles the templates once."""
    words = BilingualHtml(lang)
    templates = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(part),
        bytecode_cache=_CompiledOnce(str(Path(__file__).parent / "__pycache__")),
    )
    templates.globals.update(
        t=words.sentence,
        colon=words.both(Text(": ", "：")),
        both=words.both,
        in_each=words.in_each,
        safe_text=escape_line,
        block=block,
        inline_code=inline_code,
        is_link=is_link,
        utc=utc,
        langs=LANGS,
        clause=clause,
        page_lang=lang,
        linked=linked,
        expected_text=expected_text,
        found_text=found_text,
        labels={
            "fix": FIX,
            "likely_fix": LIKELY_FIX,
            "re_run": RE_RUN,
            "explain": EXPLAIN,
            "reproduce": REPRODUCE,
            "violation": VIOLATION,
            "history": HISTORY,
            "history_marks": HISTORY_MARKS,
            "process": PROCESS,
            "last_output": LAST_OUTPUT,
        },
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
    return templates


def render_page(template: str, lang: Lang, *, script: str, outcome: Text, target: str, **values: object) -> str:
    """Return a page with its style, the shared script and `script`; its title names the outcome and the target."""
    style, program = part("style.css"), part("page.js") + part(script)
    text = (
        environment(lang)
        .get_template(template)
        .render(
            lang=lang,
            titles={each: f"{outcome.in_(each)} · {target} · work-conformance" for each in LANGS},
            policy=policy(style, program),
            style=Markup(style),  # noqa: S704 - a file of ours
            script=Markup(program),  # noqa: S704 - a file of ours
            **values,
        )
    )
    return escape_surrogates(text)


def policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that allows only the page's own style and script."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none';"
        f" style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def part(name: str) -> str:
    """Return the text of a template, style sheet or script."""
    return resources.files("conformance.reporting.html").joinpath("templates", name).read_text("utf-8")
