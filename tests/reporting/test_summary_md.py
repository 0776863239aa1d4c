"""`summary.md`: what it says in a minute, and that nothing of a target is markup in it."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from conformance.contract.catalogue import load_catalogue
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, Failure, PlannedCheck, Verdict
from conformance.reporting.markdown import code, literal
from conformance.reporting.summary_md import markdown
from conformance.text import LANGS, Lang
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
    assert shown == {WORDS[kind].in_(lang): count for kind, count in record.tally.requirements.items()}


def test_a_red_names_requirement_scenario_expected_actual_and_the_page() -> None:
    page = markdown(mixed(), "en")
    [section] = re.findall(r"^### `ack\.retry\.active`\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    requirement = load_catalogue().requirements["ack.retry.active"]
    for part in (
        requirement.text.en,
        "(`retry.active`), and 1 more",
        "- Expected: ``HTTP 200 with state `active`, or HTTP 409``",
        "- Got: `HTTP 500` at `/state`",
        f"]({requirement.sources[0].url.en})",
    ):
        assert part in section
    assert requirement.sources[0].url.zh in markdown(mixed(), "zh")


def test_what_was_not_exercised_says_why() -> None:
    assert "- `ack.auth.expired` (MUST): no token was given in QODER\\_EXPIRED\\_PAT" in markdown(mixed(), "en")
    assert "- `ack.auth.expired`（MUST）：未提供 QODER\\_EXPIRED\\_PAT" in markdown(mixed(), "zh")


def test_what_is_blocked_names_its_cause_and_what_is_lost_says_so() -> None:
    page = markdown(mixed(), "en")
    assert "- Skipped because of the failures above: `ack.retry.active-keeps-times`" in page
    assert page.count("ack.retry.active-keeps-times") == 1
    assert "the run ended without a verdict on this check: 1 checks" in page
    alone = verdict("retry.active", "ack.retry.active-keeps-times", "inconclusive", blocked_by="ack.retry.active")
    page = markdown(record_of(alone), "en")
    assert "- `ack.retry.active-keeps-times` (MUST): blocked by `ack.retry.active`" in page


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
    bad = Failure(
        **dict.fromkeys(("step", "pointer", "source", "conversation", "request", "answer", "curl"), endless),
        expected=both(endless),
        actual=both(endless),
    )
    verdicts = [verdict("retry.active", name, "failed", failures=(bad,)) for name in load_catalogue().requirements]
    page = markdown(record_of(*verdicts, leftovers=(endless,) * 100), "en")
    assert len(page.encode()) < 100_000
    assert page.count("\n### ") == 10
    assert f"- and {len(verdicts) - 10} more, in `report.json`" in page


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
