"""`report.html` in a real browser: Debian's chromium, driven by Playwright.

Collected where a chromium is found. Where the environment variable CHROMIUM names one, they are required: what is missing then
is a failure. So are the accessibility tests where AXE_CORE names axe's `axe.min.js` (npm package `axe-core`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reporting.html.sample_runs import run_on_a_defect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AXE_CORE = os.environ.get("AXE_CORE")
REQUIRED = os.environ.get("CHROMIUM")
CHROMIUM = REQUIRED or shutil.which("chromium") or shutil.which("chromium-browser")
HERE = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None

collect_ignore_glob = [] if HERE or REQUIRED else ["test_*.py"]
if AXE_CORE is None:
    collect_ignore_glob.append("test_accessibility.py")


@pytest.fixture(scope="module")
def browser(report: Path) -> Iterator[Browser]:
    """A chromium; its sandbox needs another user than root.

    Playwright keeps an event loop running in this thread while it is there, beside which nobody else can run one: so it ends
    with the module, and the run whose report is looked at is held before.
    """
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM or ""), args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that failed."""
    folder = tmp_path_factory.mktemp("run") / "run"
    run_on_a_defect(folder)
    return folder / "report.html"
