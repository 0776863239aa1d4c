"""A page that is open in a browser, and what it did that it should not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page


@contextmanager
def opened(browser: Browser, file: Path, address: str = "", **context: Any) -> Iterator[Page]:
    """Open a file with what follows its name in the address; at the end, nothing was said on the console and nothing was asked
    of anybody."""
    place = browser.new_context(locale="en-GB", **context)
    page = place.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri() + address)
    yield page
    assert said == []
    assert {url.partition("#")[0].partition("?")[0] for url in asked} == {file.as_uri()}
    place.close()
