from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page

from conformance.reporting.html.page import page as page_of
from tests.browser.browser_page import opened
from tests.chapters.race_dialogs import STOP, beside
from tests.reporting.html.sample_runs import exchange, item, transcript
from tests.reporting.run_results import HOSTILE, hostile, mixed, record_of
from tests.reporting.test_baseline import NEW, STILL, compared

FAILED = "ack.terminal.stopped-forced"
EN, ZH = "The states of a work item", "work item 的状态"


def heading(page: Page) -> str:
    return page.locator("#states").inner_text()


def shown(page: Page) -> list[str]:
    """The requirements that can be seen."""
    return [rule.get_attribute("id") or "" for rule in page.locator("details.rule:visible > .inside").all()]


def test_the_switch_changes_the_language_and_the_browser_remembers_it(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        assert heading(page) == EN
        page.get_by_text("中文", exact=True).click()
        assert heading(page) == ZH
        assert page.evaluate("document.documentElement.lang") == "zh"
        assert "全部" in page.locator("#filter-level").inner_text()
        page.reload()
        assert heading(page) == ZH
        page.keyboard.press("Tab")  # from the beginning: the switch comes first
        page.keyboard.press("ArrowLeft")
        assert heading(page) == EN


def test_the_address_chooses_the_language(browser: Browser, report: Path) -> None:
    with opened(browser, report, "?lang=zh") as page:
        assert heading(page) == ZH
        page.goto(report.as_uri())
        assert heading(page) == ZH
        page.goto(report.as_uri() + "?lang=en")
        assert heading(page) == EN
        page.goto(report.as_uri() + "?lang=xx")
        assert heading(page) == EN


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_scripts_both_languages_can_be_read(lang: str, browser: Browser, report: Path) -> None:
    with opened(browser, report, java_script_enabled=False) as page:
        if lang == "zh":
            page.get_by_text("中文", exact=True).click()
        assert heading(page) == {"en": EN, "zh": ZH}[lang]
        assert not page.locator(".filters").is_visible()
        assert not page.locator(".copy").first.is_visible()
        failure = page.locator("details.rule.failed").first
        failure.locator("summary").first.click()
        assert failure.locator("svg.sequence").first.is_visible()


def test_filters_are_kept_in_the_address(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        everything = shown(page)
        page.locator("#filter-verdict").select_option("failed")
        assert shown(page) == [FAILED]
        assert parse_qs(page.url.partition("#")[2]) == {"verdict": ["failed"]}
        page.locator("#filter-verdict").select_option("")
        page.locator("#filter-level").select_option("SHOULD")
        page.locator("#filter-text").fill("ACKNOWLEDGED_AT")
        some = shown(page)
        assert 0 < len(some) < len(everything)
        assert page.locator("#filter-count").inner_text() == f"{len(some)} / {len(everything)}"
        address = page.url
        page.reload()
        assert page.url == address
        assert shown(page) == some
        page.locator("#filter-reset").click()
        assert shown(page) == everything
        assert "=" not in page.url
        page.locator("#filter-chapter").select_option("retries")
        assert {name.split(".")[1] for name in shown(page)} == {"retry"}
        page.locator("#filter-text").fill("nothing has these words")
        assert page.locator("#nothing-shown").is_visible()


def test_a_count_filters_and_shows_all_when_chosen_again(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        everything = shown(page)
        chip = page.locator(".counts [data-filter=failed]")
        chip.click()
        assert shown(page) == [FAILED]
        assert parse_qs(page.url.partition("#")[2]) == {"verdict": ["failed"]}
        assert page.locator("#filter-verdict").input_value() == "failed"
        assert page.locator(".counts [aria-current]").count() == 1
        assert page.locator("#only-above").is_visible()
        chip.click()
        assert shown(page) == everything
        assert page.locator(".counts [aria-current]").count() == 0
        page.locator(".counts [data-filter=passed]").click()
        assert FAILED not in shown(page)
        assert not page.locator("#failure-list").is_visible()


def test_the_chip_of_new_failures_shows_only_these(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "since.html"
    file.write_text(page_of(compared(), {}), "utf-8")
    with opened(browser, file) as page:
        everything = shown(page)
        chip = page.locator(".since [data-filter=new]")
        chip.click()
        assert shown(page) == [NEW]
        assert parse_qs(page.url.partition("#")[2]) == {"since": ["new"]}
        assert page.locator("#filter-since").input_value() == "new"
        assert page.locator(".counts [aria-current]").count() == 1
        page.locator(".counts [data-filter=failed]").click()
        assert NEW in shown(page)
        assert page.locator("#filter-since").input_value() == ""
        page.locator(".since [data-filter=still]").click()
        assert shown(page) == [STILL]
        page.locator(".since [data-filter=still]").click()
        assert shown(page) == everything
    with opened(browser, file, "?lang=zh#since=new", viewport={"width": 390, "height": 740}) as page:
        assert shown(page) == [NEW]
        assert "仍然失败" in page.locator("#filter-since").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_address_filters_and_scrolls_to_what_it_asks_for(browser: Browser, report: Path) -> None:
    with opened(browser, report, "#verdict=failed", viewport={"width": 1024, "height": 500}) as page:
        assert shown(page) == [FAILED]
        assert page.evaluate("scrollY") > 0
        box = page.locator("details.rule.failed").first.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 120


def test_keys_and_buttons_go_from_failure_to_failure(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "mixed.html"
    file.write_text(page_of(mixed(), {}), "utf-8")
    with opened(browser, file) as page:
        ids = [rule.get_attribute("id") for rule in page.locator(".failures details.rule > .inside").all()]
        assert len(ids) > 3
        opened_now = "(document.querySelector('.failures details.rule[open] > .inside') || {}).id"

        def at() -> str:
            return parse_qs(page.url.partition("#")[2]).get("at", [""])[0]

        for key, expected in (
            ("n", ids[0]),
            ("j", ids[1]),
            ("n", ids[2]),
            ("p", ids[1]),
            ("k", ids[0]),
            ("p", ids[-1]),
        ):
            page.keyboard.press(key)
            assert at() == expected
            assert page.locator(f"[id='{expected}']").is_visible()
            assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        assert page.evaluate(opened_now) is not None
        page.locator("#step-on").click()
        assert at() == ids[0]
        page.locator("#step-back").click()
        assert at() == ids[-1]
        assert page.locator("#step-place").inner_text() == f"{len(ids)} / {len(ids)}"
        page.locator("#filter-text").press_sequentially("np")
        assert page.locator("#filter-text").input_value() == "np"
        page.locator("#filter-text").fill("")
        page.keyboard.press("Control+n")
        assert at() in {"", ids[-1]}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("wide", [1440, 1024, 390])
def test_the_buttons_cover_nothing(wide: int, lang: str, browser: Browser, report: Path) -> None:
    with opened(browser, report, f"?lang={lang}", viewport={"width": wide, "height": 900}) as page:
        buttons, end = page.locator(".steps"), page.locator("main > :last-child")
        row = buttons.bounding_box()
        verdict = page.locator(".verdict").bounding_box()
        assert row is not None
        assert verdict is not None
        assert (row["x"], row["width"]) == (0, wide), "no content is beside them"
        assert row["y"] + row["height"] <= verdict["y"]
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
        page.keyboard.press("n")
        summary = page.locator("summary:focus").bounding_box()
        row = buttons.bounding_box()
        assert row is not None
        assert summary is not None
        assert row["y"] + row["height"] <= summary["y"] + 1
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last, row = end.bounding_box(), buttons.bounding_box()
        assert last is not None
        assert row is not None
        assert row["y"] + row["height"] < last["y"] + last["height"] <= 900


def test_the_title_names_target_and_verdict_in_the_language_of_the_page(browser: Browser, report: Path) -> None:
    with opened(browser, report, "?lang=en") as page:
        assert re.fullmatch(r"Non-conformant · http://127\.0\.0\.1:\d+ · work-conformance", page.title())
        page.get_by_text("中文", exact=True).click()
        assert page.title().startswith("不符合 · http://127.0.0.1:")


@pytest.mark.parametrize(("lang", "other"), [("en", "zh"), ("zh", "en")])
def test_the_docs_of_the_readers_language_come_first_and_the_others_on_request(
    lang: str, other: str, browser: Browser, report: Path
) -> None:
    with opened(browser, report, f"?lang={lang}#{FAILED}") as page:
        docs = page.locator(f"[id='{FAILED}'] .docs").first
        assert docs.locator(f".{lang} a").first.is_visible()
        assert docs.locator(f".{lang} q").first.is_visible()
        assert not docs.locator(f".{other} a").first.is_visible()
        first, second = (docs.locator(f".{each}").bounding_box() for each in (lang, other))
        assert first is not None
        assert second is not None
        assert first["y"] < second["y"]
        docs.locator(f".{other} summary").click()
        assert docs.locator(f".{other} a").first.is_visible()
        assert ".md:" not in docs.inner_text()


def test_a_link_opens_the_red_and_an_address_does_too(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        failure = page.locator("details.rule.failed").first
        assert not failure.locator("svg.sequence").first.is_visible()
        page.locator(f"[id='{FAILED}']").locator("xpath=..").locator("summary").first.click()
        assert failure.locator("svg.sequence").first.is_visible()
        assert failure.locator("svg.sequence .wrong").count() >= 2
        for words in ("Expected", "Got", "HTTP 409", "Common mistakes", "Skipped because of this failure"):
            assert failure.get_by_text(words).first.is_visible()
    for address in (f"#{FAILED}", f"#verdict=failed&at={FAILED}", f"#{FAILED}--1", f"#{FAILED}--2"):
        with opened(browser, report, address) as page:
            assert page.locator(f"[id='{FAILED}']").is_visible()
            assert page.locator("article.failure-detail").nth(int(address.endswith("--2"))).is_visible()


def test_a_link_to_what_a_filter_hides_shows_it(browser: Browser, report: Path) -> None:
    with opened(browser, report, "#verdict=passed") as page:
        page.evaluate(f"location.hash = '#{FAILED}'")
        assert page.locator(f"[id='{FAILED}']").is_visible()
        assert page.locator("#filter-verdict").input_value() == ""


@pytest.mark.parametrize("allowed", [True, False], ids=["clipboard", "the-older-way"])
def test_a_command_is_copied_whole(allowed: bool, browser: Browser, report: Path) -> None:
    with opened(browser, report, f"#{FAILED}", permissions=["clipboard-read", "clipboard-write"]) as page:
        if not allowed:
            page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        beginnings = ("work-conformance run --requirement ", "work-conformance explain ", "curl -sS -i -X POST ")
        for number, beginning in enumerate(beginnings):
            page.locator(".copy").nth(number).click()
            page.wait_for_selector(f".copy[data-done=yes] >> nth={number}")
            copied = page.evaluate("navigator.clipboard.readText()")
            assert copied == page.locator(".copying pre").nth(number).text_content()
            assert copied.startswith(beginning)


def test_it_prints_the_first_failure_of_each_cause_and_nothing_twice(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        page.locator("details.rule.passed").first.locator("summary").first.click()
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.rule.printed[open] pre.json").first.is_visible()
        assert page.locator("details.rule[open]").count() == page.locator("details.rule.printed").count() == 1
        for hidden in (".filters", ".steps", "section.chapter", "#states", "svg.sequence"):
            assert not page.locator(hidden).first.is_visible(), hidden
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.rule[open]").count() == 1


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_print_is_a_summary_and_at_most_a_page_for_each_cause(lang: str, browser: Browser, report: Path) -> None:
    with opened(browser, report, f"?lang={lang}") as page:
        pdf = page.pdf(format="A4", margin={"top": "12mm", "bottom": "12mm", "left": "12mm", "right": "12mm"})
        assert 1 <= pages(pdf) <= 2
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1000})  # A4 without its margins
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.documentElement.scrollWidth") <= 703
        clipped = """() => [...document.querySelectorAll('pre, .frame')].filter(
            (each) => each.offsetParent && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
        ).length"""
        assert page.evaluate(clipped) == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_contents_are_whole_on_a_phone(lang: str, browser: Browser, report: Path) -> None:
    with opened(browser, report, f"?lang={lang}", viewport={"width": 390, "height": 844}) as page:
        beyond = (
            "[...document.querySelectorAll('nav a')].filter((link) => link.getBoundingClientRect().right > 390).length"
        )
        assert page.evaluate(beyond) == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_phone_scrolls_in_one_direction(lang: str, browser: Browser, report: Path) -> None:
    viewport = {"width": 360, "height": 740}
    with opened(browser, report, f"?lang={lang}#{FAILED}", viewport=viewport, has_touch=True) as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("colour", ["light", "dark"])
def test_a_race_is_drawn_on_a_phone_too(lang: str, colour: Any, browser: Browser, tmp_path: Path) -> None:
    dialog = beside("stop", ("starting", "unknown", "stopping"), "starting")
    verdict = dialog.verdict(STOP)
    file = tmp_path / "race.html"
    file.write_text(page_of(record_of(verdict), {verdict.line.scenario: dialog.transcript()}), "utf-8")
    for width in (1280, 360):
        viewport = {"width": width, "height": 740}
        with opened(browser, file, f"?lang={lang}#{STOP}", viewport=viewport, color_scheme=colour) as page:
            picture = page.locator("svg.race")
            assert picture.is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            words = page.locator("figure:has(svg.race) figcaption").inner_text()
            assert ("must not" in words, "不应" in words) == (lang == "en", lang == "zh")
            needed, other = (
                page.locator(f"svg.race .{kind} rect").first.evaluate("bar => getComputedStyle(bar).fill")
                for kind in ("needed", "beside")
            )
            assert needed != other
            box = picture.bounding_box()
            bars = [bar.bounding_box() for bar in page.locator("svg.race g rect").all()]
            assert box is not None
            assert len(bars) == 4
            assert all(
                bar and box["x"] <= bar["x"] < bar["x"] + bar["width"] <= box["x"] + box["width"] for bar in bars
            )


@pytest.mark.parametrize(
    "text", [*HOSTILE[1:4], HOSTILE[11], '"><img src=x onerror=alert(1)>', "</script><svg onload=alert(1)>"]
)
def test_what_the_target_sent_does_nothing(text: str, browser: Browser, tmp_path: Path) -> None:
    said = transcript(
        exchange("poll", "poll", 200, item(text, **{text: text}), at=(0, 1), headers=[("Worker-ID", text)]),
        exchange("retry.1", "ack", 200, item("active", **{text: [text]}), at=(2, 3), sent=text),
    )
    for number, made in enumerate((page_of(hostile(text), {}), page_of(mixed(), {"retry.active": said}))):
        file = tmp_path / f"{number}.html"
        file.write_text(made, "utf-8")
        with opened(browser, file, "?lang=en") as page:
            page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
            assert page.locator("img, iframe, script").count() == 1
            assert page.locator("[onerror], [onload]").count() == 0


def test_the_policy_stops_what_is_put_in_later(browser: Browser, report: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    text = report.read_text("utf-8")
    broken.write_text(text.replace("</main>", "<script>document.title = 'owned'</script></main>"), "utf-8")
    place = browser.new_context()
    page = place.new_page()
    page.goto(broken.as_uri())
    assert page.title() != "owned"
    assert page.locator("#filter-count").inner_text() != ""
    place.close()
