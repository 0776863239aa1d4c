"""`summary.md`: what it says in a minute, and that nothing of a target is markup in it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import mistakes_of
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, Failure, PlannedCheck, Verdict
from conformance.reporting.markdown import code, literal
from conformance.reporting.root_causes import causes_of
from conformance.reporting.summary_md import markdown
from conformance.text import LANGS, Lang, Text
from tests.hostile.inspection import INSPECTORS

from .run_results import HOSTILE, both, failure, hostile, mixed, record_of, verdict

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
MARKUP = (
    "`ticks` ``two`` `",
    "`",
    " ` ",
    "](https://hostile.example) [a](javascript:alert(1))",
    "![x](https://hostile.example/x.png)",
    "<img src=x onerror=alert(1)> <!-- --> <details>",
    "https://hostile.example www.hostile.example <https://hostile.example>",
    "| a | b |\n| --- | --- |",
    "# heading\n## another\n\n- item\n1. one\n> quote\n---\n===",
    "**bold** _it_ ~~gone~~ $x$ &lt; &amp;",
    "\\` \\\\",
    "```\nfence",
)


class Shape(HTMLParser):
    """The elements of a page in order, and where its links go."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def rendered(text: str) -> str:
    html: str = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    return html


def shape(record: RunResult, lang: Lang = "en") -> Shape:
    return Shape(rendered(markdown(record, lang)))


# --- what it says


@EACH_LANGUAGE
def test_the_verdict_comes_first(lang: Lang) -> None:
    record = mixed()
    assert markdown(record, lang).splitlines()[2] == f"**{record.decision.sentence.in_(lang)}**"


@EACH_LANGUAGE
def test_every_chapter_has_its_row_and_the_total_is_the_tallys(lang: Lang) -> None:
    record = mixed()
    rows = [line.strip("| ").split(" | ") for line in markdown(record, lang).splitlines() if line.startswith("|")]
    head, _, *chapters, total = rows
    assert {row[0] for row in chapters} == {
        load_catalogue().chapter(result.requirement.chapter).title.in_(lang) for result in record.tally.results
    }
    shown = dict(zip(head[1:], map(int, total[1:]), strict=True))
    assert shown == {WORDS[kind].in_(lang): count for kind, count in record.tally.requirement_counts.items()}


@EACH_LANGUAGE
def test_the_failures_follow_the_verdict_each_with_its_fix_and_the_next_commands(lang: Lang) -> None:
    page = markdown(mixed(), lang)
    first, second = re.findall(r"^## (.*)$", page, re.MULTILINE)[:2]
    assert (first, second) == ({"en": "Failed (1)", "zh": "失败（1）"}[lang], {"en": "Run", "zh": "运行"}[lang])
    labels = {
        "en": ("Fix: ", "Re-run: ", "Explain: ", "Reproduce: "),
        "zh": ("修复建议：", "重新运行：", "详细说明：", "复现："),
    }
    entry = [line for line in failed_section(page).splitlines() if line.startswith("- ")]
    fix, *steps = (line.removeprefix(f"- {label}") for line, label in zip(entry, labels[lang], strict=False))
    assert fix in [mistake.fix.in_(lang) for mistake in mistakes_of("ack.retry.active")]
    assert steps == [
        "`work-conformance run --requirement ack.retry.active --base-url http://127.0.0.1:4010`",
        "`work-conformance explain ack.retry.active`",
        "`reproductions/retry.active.sh`",
    ]


def failed_section(page: str) -> str:
    [section] = re.findall(r"^## (?:Failed|失败).*?\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    return str(section)


def test_a_red_names_requirement_scenario_expected_actual_and_the_page() -> None:
    section = failed_section(markdown(mixed(), "en"))
    requirement = load_catalogue().requirements["ack.retry.active"]
    for part in (
        f"- Fails `ack.retry.active` (MUST, stated in the docs): {requirement.text.en}",
        "(`retry.active`)\n- Fails in: all 2 scenarios that judged it\n",
        "- Expected: HTTP 200 with state `active`, or HTTP 409",
        "- Got: HTTP 500 at `/state`",
        f"]({requirement.sources[0].url.en})",
    ):
        assert part in section
    chinese = markdown(mixed(), "zh")
    assert requirement.sources[0].url.zh in chinese
    assert requirement.sources[0].url.en not in chinese


def test_failures_of_one_cause_are_one_entry() -> None:
    names = ("ack.retry.active", "ack.retry.starting", "ack.first.starting")
    page = markdown(
        record_of(*(verdict("retry.active", name, "failed", failures=(failure(),)) for name in names)), "en"
    )
    assert "## 3 failed requirements, 1 cause" in page
    assert page.count("\n### ") == page.count("- Fix: ") == 1
    for name in names:
        assert f"- Fails `{name}` (" in page


def test_a_failure_without_a_recorded_violation_has_an_entry_too() -> None:
    page = markdown(record_of(verdict("auth.missing", "ack.auth.missing", "failed")), "en")
    assert "### 1. `ack.auth.missing`" in page
    assert "- Reproduce: `reproductions/auth.missing.sh`" in page


def test_a_warning_says_how_to_fix_it() -> None:
    page = markdown(mixed(), "en")
    [line] = [
        each for each in page.splitlines() if each.startswith("- `ack.retry.acknowledged-at-unchanged` (SHOULD): ")
    ]
    assert " Fix: " in line
    assert "(`work-conformance explain ack.retry.acknowledged-at-unchanged`)" in line


def test_what_was_not_exercised_says_why() -> None:
    assert "- `ack.auth.expired` (MUST): no token was given in QODER_EXPIRED_PAT" in markdown(mixed(), "en")
    assert "- `ack.auth.expired`（MUST）：未提供 QODER_EXPIRED_PAT" in markdown(mixed(), "zh")


def test_what_is_blocked_names_its_cause_and_what_is_lost_says_so() -> None:
    page = markdown(mixed(), "en")
    assert "- Skipped because of the failures above: `ack.retry.active-keeps-times`" in page
    assert page.count("ack.retry.active-keeps-times") == 2
    assert "- 1 check: blocked by the failures above (`ack.retry.active-keeps-times`)" in page
    assert "- the run ended without a verdict on this check: 1 check\n" in page
    alone = verdict("retry.active", "ack.retry.active-keeps-times", "inconclusive", blocked_by="ack.retry.active")
    page = markdown(record_of(alone), "en")
    assert "- `ack.retry.active-keeps-times` (MUST): blocked by `ack.retry.active`" in page


@EACH_LANGUAGE
def test_every_check_that_was_not_judged_has_its_reason_in_a_closed_part(lang: Lang) -> None:
    why = Text("no ack was refused | <b>", "没有 ack 被拒绝 | <b>")
    verdicts = [verdict("auth.missing", "ack.auth.missing")]
    verdicts += [
        verdict(scenario, "ack.envelope.not-empty", "not-exercised", reason=why)
        for scenario in ("retry.active", "retry.starting")
    ]
    text = markdown(record_of(*verdicts), lang)
    part = text.partition("<details>\n<summary>")[2].partition("</details>")[0]
    assert part.startswith(
        {"en": "Not judged (2 checks)</summary>\n\n", "zh": "未判定（2 项检查）</summary>\n\n"}[lang]
    )
    assert {"en": "- 2 checks: no ack was refused", "zh": "- 2 项检查：没有 ack 被拒绝"}[lang] in part
    assert "<b>" not in part.replace("\\<b\\>", "")
    assert "<details>" not in markdown(record_of(verdicts[0]), lang)


def test_circumstances_that_take_from_the_outcome_are_told() -> None:
    page = markdown(mixed(), "en")
    for words in ("--insecure", "run ended early: stopped by a signal", "selected: `chapter retries`", "env_1"):
        assert words in page
    green = markdown(record_of(verdict("auth.missing", "ack.auth.missing")), "en")
    for words in ("--insecure", "run ended early", "selected", "Left on the target", "Failed"):
        assert words not in green


def test_a_waived_failure_gives_its_reason() -> None:
    waived = Verdict(
        line=PlannedCheck("retry.active", "ack.retry.active"),
        kind="waived",
        failures=(failure(),),
        waiver=both("until 2.1"),
    )
    assert "- `ack.retry.active` (MUST): until 2.1" in markdown(record_of(waived), "en")


def test_it_stays_short_however_much_is_red() -> None:
    """GitHub takes a megabyte for the summary of a step."""
    endless = "`" * 100_000
    named: Any = dict.fromkeys(("step", "pointer", "source", "operations", "request", "response", "curl"), endless)
    bad = Failure(
        **named,
        expected=both(endless),
        actual=both(endless),
    )
    other = [
        replace(bad, step=f"ack.{n}", pointer=f"/{n}", response="HTTP 200", actual=both(f"{n}")) for n in range(60)
    ]
    names = load_catalogue().requirements
    verdicts = [
        verdict("retry.active", name, "failed", failures=(each,))
        for name, each in zip(names, [bad, *other], strict=False)
    ]
    page = markdown(record_of(*verdicts, leftovers=(endless,) * 100), "en")
    assert len(page.encode()) < 100_000
    assert page.count("\n### ") == 10
    [rest] = re.findall(r"^And (\d+) more, in `report.html`\.$", page, re.MULTILINE)
    assert int(rest) == len(causes_of(verdicts)) - 10


def test_what_only_the_failures_block_is_named_in_short() -> None:
    names = [name for name in load_catalogue().requirements if name.startswith("ack.answer.")]
    blocked = [verdict("retry.active", name, "inconclusive", blocked_by="ack.retry.active") for name in names]
    failed = verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),))
    [line] = [each for each in markdown(record_of(failed, *blocked), "en").splitlines() if "Skipped because" in each]
    assert line.endswith(f"`{names[0]}`, `{names[1]}`, `{names[2]}` and {len(names) - 3} more")


# --- how a code host renders it


RECORDS = {
    "mixed": mixed(),
    "hostile": hostile("plain"),
    "green": record_of(verdict("auth.missing", "ack.auth.missing")),
    "many causes": record_of(
        *(
            verdict(scenario, name, "failed", failures=(failure(actual=f"HTTP {status}", answer=f"HTTP {status}"),))
            for status, (scenario, name) in enumerate(
                [(f"retry.{n}", name) for n, name in enumerate(load_catalogue().requirements)][:30], 400
            )
        )
    ),
}


@EACH_LANGUAGE
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_no_list_swallows_a_paragraph_and_no_section_has_two(record: RunResult, lang: Lang) -> None:
    """Below a heading stands one list, one table or one paragraph; an item is one paragraph; nothing is nested."""
    page = markdown(record, lang)
    tree = SyntaxTreeNode(MarkdownIt("gfm-like", {"linkify": False}).parse(page))
    blocks = [node.type for node in tree.children]
    written = [line for line in page.splitlines() if line.startswith("#")]
    assert blocks.count("heading") == len(written)
    for before, after in pairwise(blocks):
        assert (before, after) not in {
            ("bullet_list", "bullet_list"),
            ("paragraph", "paragraph"),
            ("table", "bullet_list"),
        }
    items = [item for node in tree.children if node.type == "bullet_list" for item in node.children]
    assert len(items) == sum(line.startswith("- ") for line in page.splitlines())
    assert all([child.type for child in item.children] == ["paragraph"] for item in items)
    assert not [node for node in tree.walk() if node.type in {"softbreak", "hardbreak", "code_block", "ordered_list"}]


@EACH_LANGUAGE
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_each_link_is_there_once_and_leads_to_the_docs_in_the_language(record: RunResult, lang: Lang) -> None:
    links = shape(record, lang).links
    assert len(links) == len(set(links))
    assert all(("/zh/" in link) == (lang == "zh") for link in links)


# --- nothing of a target is markup


@pytest.mark.parametrize("text", [*HOSTILE, *MARKUP, "x" * 100_000], ids=lambda text: repr(text[:12]))
@EACH_LANGUAGE
def test_whatever_the_target_sent_the_page_has_the_same_elements(text: str, lang: Lang) -> None:
    plain, other = shape(hostile("plain"), lang), shape(hostile(text), lang)
    # Where nothing visible was sent, a dash stands in place of code.
    assert [tag for tag in other.tags if tag != "code"] == [tag for tag in plain.tags if tag != "code"]
    assert other.links == plain.links
    INSPECTORS[".md"](markdown(hostile(text), lang).encode())


@pytest.mark.parametrize("text", [*MARKUP, "plain", " edge", "a  b"])
def test_code_shows_the_text_itself(text: str) -> None:
    html = MarkdownIt("commonmark").render(f"- actual: {code(text)}")
    line = text.replace("\n", "\\x0a")
    assert html.count("<code>") == 1
    inside = html.partition("<code>")[2].partition("</code>")[0]
    assert inside.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&") == line


@pytest.mark.parametrize("text", MARKUP)
def test_a_literal_is_one_piece_of_text(text: str) -> None:
    assert Shape(rendered(f"- reason: {literal(text)}")).tags == ["ul", "li"]


def test_no_text_is_a_dash() -> None:
    assert code("") == code("  ") == "—"


def test_equal_records_give_equal_pages_and_languages_differ() -> None:
    assert markdown(mixed(), "en") == markdown(mixed(), "en")
    assert markdown(mixed(), "en") != markdown(mixed(), "zh")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("create_session and QODER_EXPIRED_PAT", "create_session and QODER_EXPIRED_PAT"),
        ("_emphasis_ and a__b__c", r"\_emphasis\_ and a\_\_b\_\_c"),
        ("this & that, &amp; &#65;", r"this & that, \&amp; \&\#65;"),
        ("状态_x_值", "状态_x_值"),
    ],
)
def test_only_what_a_code_host_reads_as_markup_is_escaped(text: str, written: str) -> None:
    assert literal(text) == written
    inline = MarkdownIt("gfm-like", {"linkify": False}).parseInline(written)[0].children
    assert [each.type for each in inline or ()] == ["text"] * len(inline or ())
    assert "".join(each.content for each in inline or ()) == text


def test_reasons_keep_their_code() -> None:
    reason = both("the heartbeat returned no `last_heartbeat`")
    record = record_of(verdict("retry.active", "ack.retry.active", "inconclusive", reason=reason))
    assert "the heartbeat returned no `last_heartbeat`" in markdown(record, "en")
