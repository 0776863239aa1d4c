"""What the documents say of the project itself: its versions, its packages, its files, its links, its licence."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import conformance
from conformance.cli import init_files
from conformance.contract.catalogue import load_catalogue
from conformance.text import Lang
from tests.browser import screenshot
from tests.documents import CHANGELOG, CONTRIBUTING, DOCUMENTS, PAGE, PAGES, README, ROOT, WRITTEN, table
from tests.test_architecture import APART, LAYERS, PACKAGE, package_of

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


def test_the_changelog_lists_every_requirement_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    versions = re.split(r"^### Catalogue ", CHANGELOG, flags=re.MULTILINE)[1:]
    assert versions[0].split("\n")[0] == catalogue.version
    listed = [
        entry
        for version in versions
        for entry in re.findall(r"^- `([a-z]+\.[a-z.-]+)` \(([A-Z]+)\)$", version, re.MULTILINE)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(requirement.id, requirement.level) for requirement in catalogue.requirements.values()}


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(conformance.__version__)}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)


@EACH_LANGUAGE
def test_the_packages_are_those_of_the_architecture_test(lang: Lang) -> None:
    here = {package_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"} - APART
    order = [sorted(set(layer) & here) for layer in LAYERS if set(layer) & here]
    assert [sorted(re.findall(r"`(\w+)`", row[0])) for row in table(PAGE[lang]["architecture"], "text")] == order


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
    """The anchors that headings get (lower case, blanks as hyphens, punctuation gone), and those that a page sets."""
    text = path.read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"></a>', text))


def test_paths_that_are_named_exist() -> None:
    for text in (*(text for pages in PAGE.values() for text in pages.values()), CONTRIBUTING):
        for name in re.findall(r"`((?:conformance|tests|schemas)/[\w./-]+)`", text):
            assert (ROOT / name).exists(), name


@EACH_LANGUAGE
@pytest.mark.parametrize("name", PAGES["en"])
def test_only_the_architecture_names_modules(name: str, lang: Lang) -> None:
    text = PAGE[lang].get(name, "")
    assert name == "architecture" or not re.findall(
        r"`(?:conformance|tests)/[^`]*`|\((?:\.\./)*(?:conformance|tests)/", text
    )


@EACH_LANGUAGE
def test_one_place_says_what_owner_stands_for_and_every_use_leads_there(lang: Lang) -> None:
    anchor = {"en": "your-copy-of-the-suite", "zh": "本套件的副本"}[lang]
    for name, text in PAGE[lang].items():
        uses = re.findall(r"\bOWNER\b", re.sub(r"\[`OWNER`\]", "", text))
        assert not uses or f"#{anchor})" in text, name
        if name != "README":
            assert not uses or text.index(anchor if name != "ci" else "`OWNER`") < text.index("OWNER/work"), name
    assert f"ci.md#{anchor})" in README[lang], "the address to install from"
    assert f"docs/{lang}/ci.md#{anchor}\n" in init_files._OWNER.in_(lang)


@EACH_LANGUAGE
def test_a_readme_has_at_most_200_lines(lang: Lang) -> None:
    assert len(README[lang].splitlines()) <= 200


@EACH_LANGUAGE
def test_a_readme_links_every_page(lang: Lang) -> None:
    linked = set(re.findall(rf"\(docs/{lang}/([a-z-]+)\.md\)", README[lang]))
    assert linked == set(PAGES[lang]) - {"README"}


@EACH_LANGUAGE
@pytest.mark.parametrize("name", [name for name in PAGES["en"] if name != "README"])
def test_the_first_paragraph_of_a_page_asks_what_the_page_answers(name: str, lang: Lang) -> None:
    text = re.sub(r"<!--.*?-->\n", "", PAGE[lang].get(name, "# -\n\n?"))
    title, paragraph, *_ = text.split("\n\n")
    assert title.startswith("# ")
    assert re.search(r"[?？]", paragraph), paragraph


@pytest.mark.parametrize(
    "path", sorted({path for pages in PAGES.values() for path in pages.values()}), ids=lambda p: p.name
)
def test_documents_use_everyday_words(path: Path) -> None:
    odd = "mend|mends|mended|reds|told|spoken|conductor|court|labour|weather|departure|unsteady"
    assert re.findall(rf"(?i)\b(?:{odd})\b", path.read_text("utf-8")) == []


@pytest.mark.parametrize("name", PAGES["zh"])
def test_a_chinese_paragraph_stands_on_one_line(name: str) -> None:
    """A code host shows a line break inside a paragraph as a space, which Chinese does not have."""
    broken = [
        block.content
        for block in MarkdownIt("gfm-like", {"linkify": False}).parse(PAGE["zh"][name])
        if block.type == "inline" and "\n" in block.content
    ]
    assert not broken


def test_the_picture_of_the_report_is_small_and_as_wide_as_its_script_makes_it() -> None:
    picture = screenshot.IMAGE.read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", picture[16:24]) == (screenshot.WIDTH, screenshot.HEIGHT)
    assert len(picture) < screenshot.LARGEST
    for lang in WRITTEN:
        assert "(docs/images/report.png)" in README[lang]


def test_the_license_is_apache() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.split("\n")[1].strip() == "Apache License"
    assert "END OF TERMS AND CONDITIONS" in text
