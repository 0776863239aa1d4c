"""The page of a comparison: what it says first, what it links to, and that text of a target stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.comparison.compare import (
    Comparison,
    ObservationDifference,
    RequirementDifference,
    ShapeDifference,
    compare,
)
from conformance.evidence import read_evidence
from conformance.judging.verdict import BlamedRequest, Failure
from conformance.reporting.html.comparison_page import comparison_page
from conformance.reporting.html.comparison_view import MOST_ENTRIES, ComparedRun
from conformance.reporting.html.relative_link import relative_link
from conformance.text import LANGS, Lang
from tests.hostile.inspection import INSPECTORS
from tests.reporting.html.test_page import Parsed, part, shape
from tests.reporting.run_results import HOSTILE, both, failure, verdict

ACTIVE = "ack.retry.active"


@pytest.fixture
def made(healthy: Path, changed: Path, difference: Comparison, tmp_path: Path) -> Callable[..., str]:
    """Renders a comparison of these two runs, as a page in `tmp_path` unless said otherwise."""
    a, b = (
        ComparedRun(about=each.metadata, transcripts=each.transcripts, folder=folder)
        for folder in (healthy, changed)
        for each in (read_evidence(folder),)
    )

    def render(comparison: Comparison = difference, lang: Lang = "en", place: Path | None = None) -> str:
        return comparison_page(comparison, a, b, place or tmp_path / "page.html", lang)

    return render


def hand_made(difference: Comparison, kinds: tuple[str, str] = ("passed", "failed"), **values: str) -> Comparison:
    """One requirement that fails on one side, and nothing else."""
    a, b = (
        verdict("retry.active", ACTIVE, kind, failures=(failure(**values),) if kind == "failed" else ())  # type: ignore[arg-type]
        for kind in kinds
    )
    entry = RequirementDifference(requirement=ACTIVE, a=a.kind, b=b.kind, cases=((a, b),))
    return replace(difference, verdicts=(entry,), observations=(), shapes=())


def test_the_direction_comes_first(made: Callable[..., str], difference: Comparison, healthy: Path) -> None:
    text = made()
    first = text[text.index("<main>") : text.index('<h2 id="new">')]
    assert "B is worse than A. Requirements with new failures: " in first
    assert "B 比 A 差：" in first
    assert '<section class="verdict bad"' in first
    same = compare(read_evidence(healthy), read_evidence(healthy))
    assert "B and A are the same: no differences." in made(same)
    assert "B is better than A. Requirements fixed: 1;" in made(hand_made(difference, ("failed", "passed")))
    assert "B differs from A." in made(replace(difference, verdicts=()))


def test_a_new_failure_shows_both_sides_and_what_to_do(made: Callable[..., str], difference: Comparison) -> None:
    text = made(hand_made(difference, actual="HTTP 418"))
    (rule,) = re.findall(r'<details class="rule failed printed" open>(.*?)</details>\s*</section>', text, re.DOTALL)
    assert [word in rule for word in ("HTTP 418", "HTTP 200 with state", "newly fails", "新增失败")] == [True] * 4
    assert f"work-conformance run --requirement {ACTIVE} --base-url {difference.b.base_url}" in rule
    assert f"work-conformance explain {ACTIVE}" in rule
    assert "<b>A</b>" in rule
    assert "<b>B</b>" in rule
    assert "docs.qoder.com" in rule


def test_the_other_side_shows_its_response_at_the_same_step(made: Callable[..., str]) -> None:
    rule = made().partition('id="ack.terminal.stopping"')[2].partition('<details class="rule')[0]
    sides = re.findall(r'<div class="side">(.*?)</dl></div>', rule, re.DOTALL)
    assert "<code>409 invalid_request_error</code>" in sides[0]
    assert "<code>409 conflict_error</code>" in sides[1]


def test_what_is_fixed_has_no_next_steps(made: Callable[..., str], difference: Comparison) -> None:
    text = made(hand_made(difference, ("failed", "passed")))
    assert '<h2 id="fixed">' in text
    assert '<h2 id="new">' not in text
    assert "work-conformance run" not in text


def test_every_difference_is_named(made: Callable[..., str], difference: Comparison) -> None:
    text = made()
    assert all(entry.requirement in text for entry in difference.verdicts)
    assert all(entry.line.requirement in text for entry in difference.observations)
    assert all(f"{entry.operation} {entry.status}" in text for entry in difference.shapes)
    assert "x-edition" in text


def test_it_links_to_the_reports_in_reach(
    made: Callable[..., str], healthy: Path, changed: Path, tmp_path: Path
) -> None:
    links = Parsed(made(place=healthy.parent / "page.html")).values("href")
    assert "./run/report.html" in links
    assert any(re.fullmatch(r"(\.\./)+.*run/report\.html#ack\.terminal\.stopping", link) for link in links)
    assert (changed / "report.html").is_file()


def test_a_relative_link_is_never_a_scheme(tmp_path: Path) -> None:
    folder = tmp_path / "javascript:alert(1)"
    folder.mkdir()
    (folder / "report.html").write_text("", "utf-8")
    assert relative_link(tmp_path / "page.html", folder / "report.html") == "./javascript%3Aalert%281%29/report.html"
    assert relative_link(folder / "page.html", folder / "report.html") == "./report.html"
    assert relative_link(tmp_path / "page.html", folder / "missing.html") is None
    assert relative_link(tmp_path / "page.html", folder) is None


@pytest.mark.parametrize("lang", LANGS)
def test_it_keeps_the_rules_of_the_report(lang: Lang, made: Callable[..., str]) -> None:
    text = made(lang=lang)
    INSPECTORS[".html"](text.encode("utf-8"))
    parsed = Parsed(text)
    (policy,) = [a["content"] or "" for tag, a in parsed.elements if "http-equiv" in a]
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(part(text, tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"url\((?!#)|@import|\bsrc=|srcset", text)
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in parsed.values("href") if link.startswith("#")} - set(ids) == set()
    assert {ref for value in parsed.values("aria-labelledby") for ref in value.split()} - set(ids) == set()
    spans = [attributes for tag, attributes in parsed.elements if tag == "span" and "lang" in attributes]
    assert {attributes["lang"] for attributes in spans if "hidden" not in attributes} == {lang}
    assert text == made(lang=lang)


def hostile(difference: Comparison, text: str) -> Comparison:
    """The same text in every place that a target can fill."""
    bad = Failure(
        step=text,
        pointer=text,
        expected=both(text),
        actual=both(text),
        operations=text,
        source=text,
        request=text,
        response=text,
        curl=text,
        diagram=both(text),
        blamed=(BlamedRequest(step=text, request=text, response=text, curl=text),),
    )
    one = verdict("retry.active", ACTIVE, "failed", failures=(bad,))
    other = verdict("retry.active", ACTIVE, "inconclusive", reason=both(text), blocked_by=text)
    seen = difference.observations[0]
    return replace(
        difference,
        a=replace(difference.a, base_url=f"http://{text}", run_id=text, started_at=text, selection=text),
        b=replace(difference.b, base_url=f"http://{text}", suite_version=text, interrupted=both(text)),
        verdicts=(RequirementDifference(requirement=ACTIVE, a="inconclusive", b="failed", cases=((other, one),)),),
        observations=(ObservationDifference(line=seen.line, a=both(text), b=None),),
        shapes=(ShapeDifference(operation="ack", status=200, part="field", where=text, a=(text,), b=None),),
    )


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000, "`a` `<b>`"], ids=lambda text: repr(text[:12]))
def test_text_of_the_target_changes_no_element(text: str, difference: Comparison, tmp_path: Path) -> None:
    def elements(said: str) -> list[tuple[str, tuple[str, ...]]]:
        comparison = hostile(difference, said)
        a, b = (ComparedRun(about=about, transcripts={}, folder=tmp_path) for about in (comparison.a, comparison.b))
        made = comparison_page(comparison, a, b, tmp_path / "page.html")
        INSPECTORS[".html"](made.encode("utf-8"))
        assert len(made) < 1_000_000
        links = [link for link in Parsed(made).values("href") if not link.startswith(("#", "https://docs.qoder.com/"))]
        assert links == []
        return [entry for entry in shape(made) if entry[0] not in {"code", "span", "small"}]

    assert elements(text) == elements("x") or text == ""


def test_lists_of_any_length_are_cut_and_counted(made: Callable[..., str], difference: Comparison) -> None:
    entries = [
        ShapeDifference(operation="ack", status=200, part="header", where=f"x-{n}", a=(), b=None) for n in range(1000)
    ]
    text = made(replace(difference, verdicts=(), observations=(), shapes=tuple(entries)))
    assert f"x-{MOST_ENTRIES - 1}" in text
    assert f"x-{MOST_ENTRIES}:" not in text
    assert f"and {1000 - MOST_ENTRIES} more" in text
