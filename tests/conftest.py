"""What every test run tells above its tests."""

from __future__ import annotations


def pytest_report_header() -> str:
    """Which of the broken servers are taken: a sample says what it leaves out."""
    from tests.broken.sample import words
    from tests.broken.servers import SERVERS

    return words(len(SERVERS))
