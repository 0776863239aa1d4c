"""The page of a comparison in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from conformance.comparison.compare import Comparison, ObservationDifference, RequirementDifference, ShapeDifference
from conformance.reporting.html.comparison_page import comparison_page
from conformance.reporting.html.comparison_view import ComparedRun
from tests.browser.browser_page import opened
from tests.reporting.run_results import CIRCUMSTANCES, HOSTILE, both, failure, verdict

from .conftest import AXE_CORE

NEW, FIXED = "ack.retry.active", "ack.auth.missing"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 740}


def comparison(text: str = "x-edition") -> Comparison:
    """A new failure, a fixed one, and one difference of each other kind; `text` comes from the target."""
    new = verdict("retry.active", NEW), verdict("retry.active", NEW, "failed", failures=(failure(actual=text),))
    fixed = verdict("auth.missing", FIXED, "failed", failures=(failure(answer=text),)), verdict("auth.missing", FIXED)
    seen = verdict("observe.undelivered", "ack.observe.undelivered", "observed").line
    return Comparison(
        a=CIRCUMSTANCES,
        b=CIRCUMSTANCES,
        verdicts=(
            RequirementDifference(requirement=NEW, a="passed", b="failed", cases=(new,)),
            RequirementDifference(requirement=FIXED, a="failed", b="passed", cases=(fixed,)),
        ),
        observations=(ObservationDifference(line=seen, a=both("200"), b=both(text)),),
        shapes=(ShapeDifference(operation="ack", status=200, part="header", where=text, a=None, b=()),),
        one_sided=(),
        checks_compared=3,
        checks_planned=3,
        kinds_compared=1,
    )


def written(folder: Path, shown: Comparison) -> Path:
    file = folder / "comparison.html"
    run = ComparedRun(about=CIRCUMSTANCES, transcripts={}, folder=folder)
    file.write_text(comparison_page(shown, run, run, file), "utf-8")
    return file


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_both_languages_can_be_read(script: bool, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, comparison()), java_script_enabled=script) as page:
        assert page.locator("h1").inner_text().startswith("B is worse than A.")
        assert page.locator(f"[id='{NEW}'] .side").first.is_visible()
        assert not page.locator(f"[id='{FIXED}'] .side").first.is_visible()
        page.get_by_text("中文", exact=True).click()
        assert page.locator("h1").inner_text().startswith("B 比 A 差")
        page.locator("details", has=page.locator(f"[id='{FIXED}']")).locator("summary").first.click()
        assert page.locator(f"[id='{FIXED}'] .side").first.is_visible()
        assert page.locator(".copy").first.is_visible() is script
        if script:
            assert page.title().startswith("变差 · ")
            page.reload()
            assert page.locator("h1").inner_text().startswith("B 比 A 差")


def test_an_address_opens_what_it_names(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, comparison()), f"#{FIXED}") as page:
        assert page.locator(f"[id='{FIXED}'] .side").first.is_visible()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("colour", ["light", "dark"])
def test_a_phone_scrolls_in_one_direction(lang: str, colour: Any, browser: Browser, tmp_path: Path) -> None:
    file = written(tmp_path, comparison("x" * 300))
    with opened(browser, file, f"?lang={lang}", viewport=PHONE, color_scheme=colour) as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_print_has_the_new_failures_in_full(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, comparison())) as page:
        page.locator("details", has=page.locator(f"[id='{FIXED}']")).locator("summary").first.click()
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator(f"[id='{NEW}'] .side").first.is_visible()
        assert not page.locator(f"[id='{FIXED}'] .side").first.is_visible()
        for seen in ("#verdict", "#fixed", "#observations", "#runs"):
            assert page.locator(seen).is_visible(), seen
        assert not page.locator("header.bar").is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator(f"[id='{FIXED}'] .side").first.is_visible()


@pytest.mark.parametrize("text", [*HOSTILE[1:4], '"><img src=x onerror=alert(1)>', "</script><svg onload=alert(1)>"])
def test_what_the_target_sent_does_nothing(text: str, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, comparison(text)), "?lang=en") as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert page.locator("img, iframe, script").count() == 1
        assert page.locator("[onerror], [onload]").count() == 0


@pytest.mark.skipif(AXE_CORE is None, reason="AXE_CORE names no axe.min.js")
@pytest.mark.parametrize(
    ("lang", "viewport", "colour"), [("en", DESK, "light"), ("zh", DESK, "dark"), ("en", PHONE, "dark")]
)
def test_axe_finds_nothing_serious(
    lang: str, viewport: dict[str, int], colour: Any, browser: Browser, tmp_path: Path
) -> None:
    from tests.browser.test_accessibility import serious

    file = written(tmp_path, comparison())
    with opened(browser, file, f"?lang={lang}", viewport=viewport, color_scheme=colour, bypass_csp=True) as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert serious(page) == []
