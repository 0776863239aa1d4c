"""Requirements as data: complete, in both languages, and cited."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from conformance.contract import catalogue
from conformance.contract.catalogue import (
    FIRST_VERSION,
    Basis,
    CatalogueError,
    Chapter,
    Exercised,
    Level,
    Requirement,
    load_catalogue,
    version_numbers,
)
from conformance.text import Text

ROOT = Path(__file__).resolve().parents[2]
RULES = list(load_catalogue().requirements.values())
EACH = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
CJK = re.compile(r"[\u4e00-\u9fff]")


def texts(value: Any, where: str) -> list[tuple[str, Text]]:
    """Every text in a value, with the place it stands in."""
    if isinstance(value, Text):
        return [(where, value)]
    if isinstance(value, tuple):
        return [found for number, part in enumerate(value) for found in texts(part, f"{where}[{number}]")]
    if is_dataclass(value):
        return [t for f in fields(value) for t in texts(getattr(value, f.name), f"{where}.{f.name}")]
    return []


ALL_TEXTS = texts(load_catalogue().chapters, "chapters")


def test_every_text_is_there_in_both_languages() -> None:
    assert len(ALL_TEXTS) > 200
    for where, text in ALL_TEXTS:
        assert text.en.strip() == text.en != "", where
        assert text.zh.strip() == text.zh != "", where


def test_chinese_is_chinese_and_english_is_not() -> None:
    for where, text in ALL_TEXTS:
        if where.endswith(".url"):
            assert text.en.startswith("https://docs.qoder.com/cloud-agents/"), where
            assert text.zh.startswith("https://docs.qoder.com/zh/cloud-agents/"), where
        elif where.endswith(".at"):
            assert re.fullmatch(r"schemas/docs/en/[a-z-]+\.md:\d+", text.en), where
            assert re.fullmatch(r"schemas/docs/(zh|en)/[a-z-]+\.md:\d+", text.zh), where  # en: not seen in Chinese
        else:
            assert CJK.search(text.zh) or re.fullmatch(r"[\w .,-]+", text.zh), where
            assert not CJK.search(text.en), where


@EACH
def test_a_rule_is_a_sentence_in_each_language(rule: Requirement) -> None:
    assert CJK.search(rule.text.zh)
    assert rule.text.en.endswith(".")
    assert rule.text.zh.endswith("。")
    assert set(re.findall(r"\b[1-5]\d\d\b", rule.text.en)) == set(re.findall(r"(?<!\d)[1-5]\d\d(?!\d)", rule.text.zh))


@EACH
def test_an_id_says_its_area_and_its_rule(rule: Requirement) -> None:
    operation = load_catalogue().chapter(rule.chapter).operation
    assert re.fullmatch(operation + r"(\.[a-z0-9-]+){1,2}", rule.id)


@EACH
def test_level_basis_and_exercised_are_words_that_are_known(rule: Requirement) -> None:
    assert rule.level in get_args(Level)
    assert rule.basis in get_args(Basis)
    assert rule.exercised in get_args(Exercised)


@EACH
def test_an_inference_is_given_exactly_where_the_docs_do_not_say_it(rule: Requirement) -> None:
    assert (rule.inference is not None) is (rule.basis in {"inferred", "client"})


@EACH
def test_only_what_the_docs_leave_open_is_observed(rule: Requirement) -> None:
    assert (rule.basis == "open") is (rule.level == "OBSERVE")


@EACH
def test_an_optional_input_is_named(rule: Requirement) -> None:
    assert (rule.input is not None) is (rule.exercised == "optional-input")
    assert rule.input is None or re.fullmatch(r"QODER_[A-Z]+_PAT", rule.input)


@EACH
def test_a_rule_cites_a_page_and_a_section(rule: Requirement) -> None:
    assert rule.sources
    for source in rule.sources:
        for lang in ("en", "zh"):
            sheet = rf"[(（]schemas/docs/{'en' if source.unseen == lang else lang}/.+?\.md:\d+[)）]"
            sheet += r" ?[(（].+?[)）]" if source.unseen is not None else ""
            assert re.fullmatch(rf".+ § .+{sheet} <https://.+>", source.cite(lang, sheet=True))
            assert not re.search(sheet, source.cite(lang))


@EACH
def test_the_lines_that_a_rule_cites_are_where_the_row_is(rule: Requirement) -> None:
    for source in rule.sources:
        for lang in ("en", "zh"):
            file, _, number = source.at.in_(lang).partition(":")
            line = (ROOT / file).read_text("utf-8").splitlines()[int(number) - 1]
            if source.row is not None:
                assert re.search(rf"\| `?{re.escape(source.row)}`? ", line), source
            else:
                assert line.strip(), source


@EACH
def test_a_rule_came_with_a_version_that_there_is(rule: Requirement) -> None:
    since = version_numbers(rule.since)
    assert version_numbers(FIRST_VERSION) <= since <= version_numbers(load_catalogue().version)


def test_versions_compare_by_number() -> None:
    assert version_numbers("1.10") > version_numbers("1.9") > version_numbers("1.0")


def test_ids_are_never_those_of_something_excluded() -> None:
    excluded = {rule.id for chapter in load_catalogue().chapters for rule in chapter.excluded}
    assert not excluded & set(load_catalogue().requirements)


def test_chapters_are_in_order_and_found_by_id() -> None:
    orders = [chapter.order for chapter in load_catalogue().chapters]
    assert orders == sorted(set(orders))
    for chapter in load_catalogue().chapters:
        assert load_catalogue().chapter(chapter.id) is chapter
        assert {rule.chapter for rule in chapter.requirements} <= {chapter.id}
    with pytest.raises(KeyError):
        load_catalogue().chapter("no-such-chapter")


def test_the_version_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+", load_catalogue().version)


def test_every_basis_has_words() -> None:
    assert set(catalogue.BASIS_WORDS) == set(get_args(Basis))


def entry(**changes: Any) -> dict[str, Any]:
    rule = {"id": "ack.a.b", "level": "MUST", "basis": "stated", "sources": ["ack#errors"]}
    return rule | {"text": {"en": "It holds.", "zh": "成立。"}} | changes


def read(*rules: dict[str, Any]) -> Chapter:
    data = {"chapter": {"order": 1, "title": {"en": "A", "zh": "甲"}}, "requirement": list(rules)}
    return catalogue._chapter("a", "ack", data)


def test_a_chapter_is_read_with_its_sources() -> None:
    chapter = read(entry())
    assert chapter.title == Text("A", "甲")
    (rule,) = chapter.requirements
    assert (rule.id, rule.chapter, rule.text) == ("ack.a.b", "a", Text("It holds.", "成立。"))
    (source,) = rule.sources
    assert (source.page, source.section) == ("ack", Text("Errors", "错误码"))
    address = "https://docs.qoder.com/zh/cloud-agents/api/environments/work/ack#%E9%94%99%E8%AF%AF%E7%A0%81"
    assert source.cite("zh") == f"确认 Work § 错误码 <{address}>"
    assert source.cite("zh", sheet=True) == f"确认 Work § 错误码（{source.at.zh}） <{address}>"


def test_a_row_and_a_paragraph_can_be_cited() -> None:
    (rule,) = read(entry(sources=["ack#errors/409", "ack#introduction~stopping"])).requirements
    row, paragraph = rule.sources
    assert row.cite("en", sheet=True).startswith("Acknowledge work item § Errors, row `409` (schemas/docs/en/ack.md:")
    assert paragraph.url.en.endswith("/environments/work/ack"), "the text before the first heading has no fragment"
    assert (paragraph.row, paragraph.section) == (None, Text("Introduction", "开头说明"))
    assert (
        "`stopping`"
        in (ROOT / "schemas/docs/zh/ack.md")
        .read_text("utf-8")
        .splitlines()[int(paragraph.at.zh.rpartition(":")[2]) - 1]
    )


@pytest.mark.parametrize(
    "reference", ["ack#nowhere", "nowhere#errors", "ack#errors/418", "ack#notes~no-such", "ack", ""]
)
def test_a_source_that_does_not_resolve_is_an_error(reference: str) -> None:
    with pytest.raises(CatalogueError, match="no such page, section or row"):
        read(entry(sources=[reference]))


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": "inferred"},
        {"basis": "client"},
        {"inference": {"en": "Because.", "zh": "因为。"}},
        {"basis": "open", "inference": {"en": "Because.", "zh": "因为。"}},
    ],
)
def test_an_inference_that_is_missing_or_too_much_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="need an inference"):
        read(entry(**changes))
