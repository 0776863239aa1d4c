from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page

from conformance.reporting.html.page import page as page_of
from tests.browser.browser_page import opened
from tests.chapters.test_race_checks import STOP, beside
from tests.reporting.html.sample_runs import exchange, item, transcript
from tests.reporting.run_results import HOSTILE, hostile, mixed, record_of

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


def test_a_link_opens_the_red_and_an_address_does_too(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        failure = page.locator("details.rule.failed").first
        assert not failure.locator("svg.sequence").first.is_visible()
        page.locator(f'.reds a[href="#{FAILED}"]').click()
        assert failure.locator("svg.sequence").first.is_visible()
        assert failure.locator("svg.sequence .wrong").count() >= 2
        for words in ("Expected", "Got", "HTTP 409", "Common mistakes", "Skipped because of this failure"):
            assert failure.get_by_text(words).first.is_visible()
    for address in (f"#{FAILED}", f"#verdict=failed&at={FAILED}", f"#{FAILED}--1", f"#{FAILED}--2"):
        with opened(browser, report, address) as page:
            assert page.locator(f"[id='{FAILED}']").is_visible()
            assert page.locator("article.breach").nth(int(address.endswith("--2"))).is_visible()


def test_a_link_to_what_a_filter_hides_shows_it(browser: Browser, report: Path) -> None:
    with opened(browser, report, "#verdict=passed") as page:
        page.locator(f'.reds a[href="#{FAILED}"]').click()
        assert page.locator(f"[id='{FAILED}']").is_visible()
        assert page.locator("#filter-verdict").input_value() == ""


@pytest.mark.parametrize("allowed", [True, False], ids=["clipboard", "the-older-way"])
def test_a_command_is_copied_whole(allowed: bool, browser: Browser, report: Path) -> None:
    with opened(browser, report, f"#{FAILED}", permissions=["clipboard-read", "clipboard-write"]) as page:
        if not allowed:
            page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        page.locator(".copy").first.click()
        page.wait_for_selector(".copy[data-done=yes]")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator(".copying pre").first.text_content()
        assert copied.startswith("curl -sS -i -X POST ")


def test_it_prints_with_the_reds_open(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        closed = page.pdf()
        assert closed.startswith(b"%PDF-")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.rule.failed[open] svg.sequence").first.is_visible()
        assert not page.locator(".filters").is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.rule[open]").count() == 0


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
