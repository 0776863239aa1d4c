"""What the documents say of the project itself: its versions, its packages, its files, its licence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.contract.catalogue import load
from tests.documents import CHANGELOG, CONTRIBUTING, DOCUMENTS, README, ROOT, table
from tests.test_architecture import APART, LAYERS, PACKAGE, package_of


def test_the_changelog_lists_every_requirement_of_the_catalogue() -> None:
    catalogue = load()
    versions = re.split(r"^### Catalogue ", CHANGELOG, flags=re.MULTILINE)[1:]
    assert versions[0].split("\n")[0] == catalogue.version
    listed = [
        entry
        for version in versions
        for entry in re.findall(r"^- `(ack\.[a-z.-]+)` \(([A-Z]+)\)$", version, re.MULTILINE)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(requirement.id, requirement.level) for requirement in catalogue.requirements.values()}


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(conformance.__version__)}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)


def test_the_packages_are_those_of_the_layers() -> None:
    here = {package_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"} - APART
    order = [sorted(set(layer) & here) for layer in LAYERS if set(layer) & here]
    assert [sorted(re.findall(r"`(\w+)`", row[0])) for row in table(CONTRIBUTING, "text")] == order


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        goal = path.parent / name if name else path
        assert goal.exists(), link
        assert not anchor or anchor in anchors(goal), link


def anchors(path: Path) -> set[str]:
    """The anchors that headings get: lower case, blanks as hyphens, punctuation gone."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_paths_that_are_named_exist() -> None:
    for text in (*README.values(), CONTRIBUTING):
        for name in re.findall(r"`((?:conformance|tests|schemas)/[\w./-]+)`", text):
            assert (ROOT / name).exists(), name


def test_both_languages_have_the_same_parts() -> None:
    def shape(text: str) -> list[Any]:
        marks = re.findall(r"^(#+) |^```(\w+ \w+)|^(\|)|^(-) ", text, re.MULTILINE)
        return ["".join(mark) for mark in marks]

    assert shape(README["en"]) == shape(README["zh"])


def test_the_license_is_apache() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.split("\n")[1].strip() == "Apache License"
    assert "END OF TERMS AND CONDITIONS" in text
