"""axe-core finds nothing serious, in either language, by day and by night, on a desk and on a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from conformance.reporting.html.page import page as page_of
from tests.browser.browser_page import opened
from tests.reporting.run_results import mixed
from tests.reporting.test_baseline import compared

AXE = Path(os.environ["AXE_CORE"])
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.mark.parametrize(
    ("which", "lang", "viewport", "colour"),
    [
        ("failed", "en", DESK, "light"),
        ("failed", "zh", DESK, "dark"),
        ("failed", "en", PHONE, "dark"),
        ("failed", "zh", PHONE, "light"),
        ("mixed", "en", PHONE, "light"),
        ("mixed", "zh", DESK, "dark"),
        ("since", "en", DESK, "light"),
        ("since", "zh", PHONE, "dark"),
    ],
    ids=lambda value: f"{value['width']}" if isinstance(value, dict) else str(value),
)
def test_nothing_serious(
    which: str, lang: str, viewport: dict[str, int], colour: str, browser: Browser, report: Path, tmp_path: Path
) -> None:
    file = report
    if which != "failed":
        file = tmp_path / "page.html"
        file.write_text(page_of(mixed() if which == "mixed" else compared(), {}), "utf-8")
    with opened(browser, file, f"?lang={lang}", viewport=viewport, color_scheme=colour, bypass_csp=True) as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert serious(page) == []


def test_it_would_be_found(browser: Browser, report: Path) -> None:
    with opened(browser, report, bypass_csp=True) as page:
        page.evaluate(
            "document.querySelector('h1').style.color = document.querySelector('#filter-text').ariaLabel = '#ccc'"
        )
        page.evaluate(
            "document.querySelector('#filter-level').parentElement.replaceWith(document.querySelector('#filter-level'))"
        )
        assert {rule for rule, _, _ in serious(page)} == {"color-contrast", "select-name"}


def serious(page: Page) -> list[tuple[str, str, str]]:
    """Rule, place and words. Axe is put in beside the page's policy, which lets no script in that is not its own."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        (rule["id"], node["html"][:200], node["failureSummary"])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"][:3]
    ]
