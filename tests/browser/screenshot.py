"""`python -m tests.browser.screenshot`: write docs/images/report.png, the report.html of a run with one failure.

The run is a real one: the embedded emulator with one defect, judged by `work-conformance run`. Needs chromium and Playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from tests.cli.processes import clean_environment, tokens_environment

IMAGE: Final = Path(__file__).parents[2] / "docs" / "images" / "report.png"
LARGEST: Final = 200_000
"""Bytes that the image may have."""
WIDTH, HEIGHT = 1280, 1060
DEFECT: Final = "terminal.forced-confirmed"


def write_report(folder: Path) -> Path:
    """Judge the emulator with the defect; return the path of report.html."""
    tokens = Tokens.generate()
    with EmulatorServer(DEFECTS[DEFECT].apply_to(ServerConfig()).build(tokens)) as server:
        command = [sys.executable, "-m", "conformance", "run", "--lang", "en", "--seed", "1"]
        subprocess.run(
            [*command, "--base-url", server.base_url, "--output", str(folder)],
            env=clean_environment(**tokens_environment(tokens)),
            check=False,
            stdout=subprocess.DEVNULL,
        )
    return folder / "report.html"


def take(report: Path, image: Path) -> None:
    """Open the report with its first failure unfolded and write what the first screen shows."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.as_uri() + "?lang=en#verdict=failed")
        page.locator("details.rule.failed > summary").first.click()
        page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        page.screenshot(path=image)
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        IMAGE.parent.mkdir(parents=True, exist_ok=True)
        take(write_report(Path(folder) / "run"), IMAGE)
    size = IMAGE.stat().st_size
    sys.exit(None if size < LARGEST else f"{IMAGE} has {size} bytes; at most {LARGEST} are allowed")
