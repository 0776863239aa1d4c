from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from conformance.contract.ambiguities import load_ambiguities
from conformance.contract.common_mistakes import mistakes_of
from conformance.evidence import read_evidence
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Failure, Verdict, VerdictKind
from conformance.reporting.html.html_text import inline_code
from conformance.reporting.html.page import page
from conformance.reporting.messages import JUDGED_AGAIN
from conformance.text import LANGS, Lang
from tests.hostile.inspection import INSPECTORS
from tests.reporting.run_results import HOSTILE, both, failure, hostile, mixed, record_of, verdict

from .sample_runs import SCENARIOS, exchange, item, run_on_a_defect, transcript

TEMPLATES = sorted(
    entry.name
    for entry in resources.files("conformance.reporting.html").joinpath("templates").iterdir()
    if entry.name.endswith(".j2")
)
LARGEST = 1_500_000
FAILED = "ack.terminal.stopped-forced"


class Parsed(HTMLParser):
    """What a browser would make elements of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Tags and the names of their attributes."""
    return [(tag, tuple(attributes)) for tag, attributes in Parsed(text).elements]


def full(kind: str = "passed", failures: tuple[Failure, ...] = ()) -> RunResult:
    """Every line of the plan with one verdict."""
    return record_of(*(Verdict(line=line, kind=kind, failures=failures) for line in full_plan()))  # type: ignore[arg-type]


def part(text: str, tag: str) -> str:
    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("record", [mixed(), full()], ids=["mixed", "full"])
def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(record: RunResult) -> None:
    text = page(record, {})
    (policy,) = [a["content"] or "" for tag, a in Parsed(text).elements if "http-equiv" in a]
    digests = {
        name: base64.b64encode(hashlib.sha256(part(text, tag).encode()).digest()).decode()
        for name, tag in (("style-src", "style"), ("script-src", "script"))
    }
    assert dict(rule.strip().split(" ", 1) for rule in policy.split(";")) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        **{name: f"'sha256-{digest}'" for name, digest in digests.items()},
    }


def test_nothing_is_loaded() -> None:
    text = page(mixed(), {})
    assert not re.search(r"url\((?!#)|@import|\bsrc=|srcset", text)
    assert not {tag for tag, _ in Parsed(text).elements} & {"img", "link", "iframe", "object", "embed", "form", "base"}


@pytest.mark.parametrize("record", [mixed(), full(), full("failed", (failure(),))], ids=["mixed", "full", "failed"])
def test_every_link_within_the_page_leads_somewhere(record: RunResult) -> None:
    parsed = Parsed(page(record, {}))
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in parsed.values("href") if link.startswith("#")}
    assert inside
    assert inside - set(ids) == set()
    labels = {ref for value in parsed.values("aria-labelledby") for ref in value.split()}
    assert labels - set(ids) == set()
    assert {result.requirement.id for result in record.tally.results} <= set(ids)


def test_the_first_screen_says_it_all() -> None:
    record = mixed()
    text = page(record, {})
    first = text[text.index("<main>") : text.index('<h2 id="requirements">')]
    about = record.metadata
    for lang in LANGS:
        assert record.decision.sentence.in_(lang).split("{")[0] in first
    for fact in (about.base_url, about.run_id, str(about.seed), about.suite_version, "2026-01-01 00:00:00 UTC"):
        assert fact in first
    for words in ("chapter retries", "stopped by a signal", "environments: env_1: HTTP 500", "--insecure"):
        assert words in first
    assert "no token was given in QODER_EXPIRED_PAT" in first
    assert "未提供 QODER_EXPIRED_PAT" in first


@pytest.mark.parametrize("lang", LANGS)
def test_without_any_style_the_language_of_the_run_is_shown(lang: Lang) -> None:
    parsed = Parsed(page(mixed(), {}, lang))
    spans = [attributes for tag, attributes in parsed.elements if tag == "span" and "lang" in attributes]
    assert {attributes["lang"] for attributes in spans} == set(LANGS)
    assert {attributes["lang"] for attributes in spans if "hidden" not in attributes} == {lang}
    assert [attributes["id"] for tag, attributes in parsed.elements if "checked" in attributes] == [f"in-{lang}"]
    assert parsed.elements[0] == ("html", {"lang": lang}) or parsed.elements[0][1]["lang"] == lang


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000, "`a` `<b>`"], ids=lambda text: repr(text[:12]))
def test_text_of_the_target_changes_no_element_of_the_page(text: str) -> None:
    made = page(hostile(text), {})
    INSPECTORS[".html"](made.encode("utf-8"))
    parsed = Parsed(made)
    assert sum(tag == "script" for tag, _ in parsed.elements) == 1
    scripts = [link for link in parsed.values("href") if not link.startswith(("#", "https://"))]
    assert scripts == []
    plain = [entry for entry in shape(page(hostile("x"), {})) if entry[0] not in {"code", "span", "small"}]
    assert [entry for entry in shape(made) if entry[0] not in {"code", "span", "small"}] == plain or text == ""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_text_of_the_target_in_a_conversation_is_text(text: str) -> None:
    said = transcript(
        exchange("poll", "poll", 200, item(text, **{text: text}), at=(0, 1), headers=[("Worker-ID", text)]),
        exchange("retry.1", "ack", 200, item("active", **{text: [text, {text: text}]}), at=(2, 3), sent=text),
        exchange("retry.2", "ack", 500, {"error": {"type": text}}, at=(4, 5)),
    )
    made = page(mixed(), {"retry.active": said})
    INSPECTORS[".html"](made.encode("utf-8"))
    assert sum(tag == "script" for tag, _ in Parsed(made).elements) == 1
    assert '<svg class="sequence"' in made


def test_a_link_of_a_waiver_is_followed_only_into_the_web() -> None:
    def with_link(link: str) -> str:
        broken = verdict("retry.active", "ack.retry.active", "waived", failures=(failure(),))
        waived = Verdict(line=broken.line, kind="waived", failures=broken.failures, waiver=both("known"), link=link)
        return page(record_of(waived), {})

    assert 'href="https://tracker.example/7"' in with_link("https://tracker.example/7")
    for link in ("javascript:alert(1)", "data:text/html,x", ' https://a" onclick="x', "//a.example"):
        assert link not in Parsed(with_link(link)).values("href")


def test_a_page_of_nothing_but_greens_holds_no_conversation() -> None:
    made = page(full(), {"retry.active": transcript(exchange("retry.1", "ack", 200, item("active")))})
    assert '<svg class="sequence"' not in made
    assert len(made.encode()) < LARGEST * 2 // 5


def test_a_page_of_nothing_but_reds_stays_small_and_names_them_all() -> None:
    long = failure(actual="<" * 5000, answer="<&'\"" * 600)
    record = full("failed", tuple([long] * 20))
    said = transcript(*(exchange(f"retry.{n}", "ack", 200, item("active", a="<" * 90)) for n in range(30)))
    made = page(record, {line.scenario: said for line in record.plan})
    assert len(made.encode()) < LARGEST
    for line in record.plan:
        assert line.scenario in made
        assert line.requirement in made
    assert made.count('<article class="failure-detail"') > 10


def test_equal_runs_give_equal_pages() -> None:
    assert page(mixed(), {}) == page(mixed(), {})


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_sentence_of_a_template_is_there_in_both_languages(name: str) -> None:
    text = resources.files("conformance.reporting.html").joinpath("templates", name).read_text("utf-8")
    tree = Environment(autoescape=True).parse(text)
    for en, zh in sentences(tree):
        assert en.strip(), (en, zh)
        assert not re.search("[\u4e00-\u9fff]", en), en
        assert re.search("[\u4e00-\u9fff]", zh), zh
        assert set(re.findall(r"\{\w+\}", en)) == set(re.findall(r"\{\w+\}", zh)), en
    for data in tree.find_all(nodes.TemplateData):
        bare = re.sub(r"<[^>]*>?|^[^<]*>|&\w+;|[A-Za-z-]+=\"[^\"]*\"?", " ", data.data)
        assert set(re.findall(r"[A-Za-z]{3,}", bare)) <= {
            "all",
            "suite",
            "target",
            "work",
            "conformance",
            "HTTP",
            "UTC",
        } | {*("English", "MUST", "SHOULD", "OBSERVE", "doctype", "html")}, bare


def sentences(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            en, zh = call.args
            assert isinstance(en, nodes.Const)
            assert isinstance(zh, nodes.Const)
            yield en.value, zh.value


def rule_of(made: str, name: str) -> str:
    """What is shown of a requirement when it is opened."""
    (found,) = re.findall(rf'<div class="inside" id="{re.escape(name)}">(.*?)</div>\n</details>', made, re.DOTALL)
    return str(found)


def compared_fields(made: str, name: str) -> dict[str, str]:
    """The rows of a requirement's sheet in English, up to its first breach."""
    head = rule_of(made, name).partition('<article class="failure-detail"')[0]
    rows = re.findall(r'<dt><span lang="en">([^<]*)</span>.*?</dt><dd>(.*?)</dd></div>', head, re.DOTALL)
    return {str(label): str(words) for label, words in rows}


def test_a_red_says_first_what_to_do_and_where_it_fails_and_holds() -> None:
    record = record_of(
        verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)),
        verdict("race.heartbeat", "ack.retry.active"),
        verdict("request.json-body.first-ack", "ack.retry.active"),
        verdict("retry.starting", "ack.retry.starting", "failed", failures=(failure(actual="x"),)),
    )
    made = page(record, {})
    rows = compared_fields(made, "ack.retry.active")
    assert list(rows)[:5] == ["Fix", "Re-run", "Explain", "Fails in", "Passes in"]
    assert re.findall(r'href="#scenario-([^"]+)"', rows["Fails in"]) == ["retry.active"]
    passing = ["race.heartbeat", "request.json-body.first-ack"]
    assert re.findall(r'href="#scenario-([^"]+)"', rows["Passes in"]) == passing
    assert "no other" in compared_fields(made, "ack.retry.starting")["Passes in"]
    assert rule_of(made, "ack.retry.active").count('href="#scenario-race.heartbeat"') == 1


def test_a_long_list_of_scenarios_is_folded() -> None:
    names = [line.scenario for line in full_plan() if line.requirement == "ack.answer.media-type"]
    failures = [verdict(name, "ack.answer.media-type", "failed", failures=(failure(),)) for name in names[:9]]
    passing = [verdict(name, "ack.answer.media-type") for name in names[9:17]]
    rows = compared_fields(page(record_of(*failures, *passing), {}), "ack.answer.media-type")
    assert "<summary>" in rows["Fails in"]
    assert "9 scenarios" in rows["Fails in"]
    assert "<summary>" not in rows["Passes in"]


def test_a_contradiction_of_the_docs_stands_beside_the_requirement_that_it_concerns() -> None:
    name = "ack.terminal.stopping"
    (entry,) = (entry for entry in load_ambiguities() if name in entry.requirements)
    for verdicts, whole in (
        ([verdict("terminal.stopping.from-active", name, "failed", failures=(failure(),))], True),
        ([verdict("terminal.stopping.from-active", name)], False),
    ):
        made = page(record_of(*verdicts), {})
        row = compared_fields(made, name)["Docs unclear"]
        for text in (entry.question.en, entry.question.zh):
            assert str(inline_code(text)) in row
        for text in (entry.positions.zh, entry.reading.en):
            assert (str(inline_code(text)) in row) is whole
        assert f'href="#register-{entry.id}"' in row
        assert f'<details id="register-{entry.id}">' in made
    assert "Docs unclear" not in compared_fields(
        page(record_of(verdict("auth.missing", "ack.auth.missing")), {}), "ack.auth.missing"
    )


def test_what_is_blocked_is_folded_under_its_causes() -> None:
    blocked = "ack.answer.media-type"
    names = [line.scenario for line in full_plan() if line.requirement == blocked and line.scenario != "auth.missing"]
    lines = [verdict(name, blocked, "inconclusive", blocked_by="ack.retry.active", reason=both("r")) for name in names]
    other = verdict("auth.missing", blocked, "inconclusive", blocked_by="ack.auth.missing", reason=both("r"))
    failed = verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),))
    made = page(record_of(failed, *lines, other), {})
    (fold,) = re.findall(r'<details class="fold">(.*?)</details>', rule_of(made, blocked), re.DOTALL)
    assert f"{len(names) + 1} checks skipped" in fold
    causes = re.findall(r"<li>(.*?)</li>", fold)
    assert len(causes) == 2
    assert 'href="#ack.retry.active"' in causes[0]
    assert f"and {len(names) - 3} more" in causes[0]
    assert "<code>ack.auth.missing</code>" in causes[1]
    top = made[made.index('<h2 id="failure-list">') : made.index('<h2 id="unexercised">')]
    assert top.count(f'href="#{blocked}"') == 1
    blocks = compared_fields(made, "ack.retry.active")["Skipped because of this failure"]
    assert f'href="#{blocked}"' in blocks
    assert f'<summary><span lang="en">{len(names)} checks of 1 requirements' in blocks


def test_what_is_blocked_by_nothing_on_the_page_is_listed_by_itself() -> None:
    made = page(
        record_of(verdict("retry.active", "ack.retry.active", "inconclusive", blocked_by="ack.auth.missing")), {}
    )
    top = made[made.index('<h2 id="failure-list">') : made.index('<h2 id="unexercised">')]
    assert 'href="#ack.retry.active"' in top


def test_the_likeliest_mistake_comes_first() -> None:
    name, scenario = "ack.terminal.stopping", "terminal.stopping.from-active"
    usual = [mistake.what.en for mistake in mistakes_of(name)]
    seen = page(record_of(verdict(scenario, name, "failed", failures=(failure(actual='"conflict_error"'),))), {})
    other = page(record_of(verdict(scenario, name, "failed", failures=(failure(actual="HTTP 500"),))), {})
    place = page(
        record_of(
            verdict("auth.missing", "ack.envelope.schema-en", "failed", failures=(failure(pointer="/error/type"),))
        ),
        {},
    )
    fixes = compared_fields(place, "ack.envelope.schema-en")["Common mistakes and fixes"]
    assert fixes.index("from the status alone") < fixes.index("error handler")
    for made, order in ((other, usual), (seen, [usual[1], usual[0], *usual[2:]])):
        fixes = compared_fields(made, name)["Common mistakes and fixes"]
        assert [fixes.index(str(inline_code(what))) for what in order] == sorted(
            fixes.index(str(inline_code(what))) for what in usual
        )


def test_a_real_red_tells_what_was_done_what_came_and_the_fix(tmp_path: Path) -> None:
    record = run_on_a_defect(tmp_path / "run")
    made = (tmp_path / "run" / "report.html").read_text("utf-8")
    INSPECTORS[".html"](made.encode())
    for words in ('class="sequence"', "curl -sS -i -X POST", "invalid_request_error", "HTTP 409", "Common mistakes"):
        assert words in made
    body = re.findall(r'<pre class="json" tabindex="0">(.*?)</pre>', rule_of(made, FAILED), re.DOTALL)[0]
    assert re.search(r'<b class="wrong">✗ HTTP 200<i>  ◀ .*HTTP 409', body)
    assert body.count('class="wrong"') == 1
    assert 'class="same">    &#34;state&#34;: &#34;starting&#34;' in body
    assert f'href="reproductions/{SCENARIOS[0]}.sh"' in made
    assert record.decision.word == "non-conformant"
    assert page(record, read_evidence(tmp_path / "run").transcripts) == made


def test_a_replay_shows_the_conversations_of_the_run(tmp_path: Path) -> None:
    run_on_a_defect(tmp_path / "run")
    command = [sys.executable, "-m", "conformance", "replay", "run", "--output", "again", "--lang", "zh"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    made = (tmp_path / "again" / "report.html").read_text("utf-8")
    assert '<svg class="sequence"' in made
    assert '<html lang="zh">' in made
    assert f"{JUDGED_AGAIN.zh}。" in made
    assert "Judged again from saved transcripts: " in made


ALL_EXERCISED = "All planned requirements were exercised."


@pytest.mark.parametrize("kind", ["inconclusive", "suite-error"])
def test_that_all_were_exercised_is_not_said_beside_one_that_was_not_judged(kind: VerdictKind) -> None:
    passed = verdict("auth.missing", "ack.auth.missing")
    assert ALL_EXERCISED in page(record_of(passed), {})
    open_one = verdict("retry.active", "ack.retry.active", kind, blocked_by="ack.retry.starting")
    text = page(record_of(passed, open_one), {})
    assert ALL_EXERCISED not in text
    assert "1 planned requirement has no verdict" in text
