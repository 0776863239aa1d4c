"""A comparison in its three forms and both languages; what came from a target is data in each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from conformance.comparison.compare import Comparison, RequirementDifference, compare
from conformance.evidence import read_evidence
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind
from conformance.reporting.comparison_json import comparison_json, comparison_schema_text
from conformance.reporting.comparison_text import conclusion, markdown, terminal
from conformance.text import LANGS, Lang, Text

SCHEMA: dict[str, Any] = json.loads(comparison_schema_text())
HOSTILE = "<b>::error::"

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)


def objects(node: Any) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and isinstance(node.get("properties"), dict) else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found + [entry for child in children for entry in objects(child)]


def test_the_schema_describes_every_field_and_allows_no_other() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(objects(SCHEMA)) >= 10
    for node in objects(SCHEMA):
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
        assert all(field.get("description") for field in node["properties"].values())


@pytest.mark.parametrize("which", ["same", "different", "one-sided"])
def test_the_json_form_is_valid_and_counts_what_there_is(
    which: str, healthy: Path, noisy: Path, difference: Comparison
) -> None:
    chosen = {
        "same": lambda: compare(read_evidence(healthy), read_evidence(healthy)),
        "one-sided": lambda: compare(read_evidence(healthy), read_evidence(noisy)),
        "different": lambda: difference,
    }[which]()
    document = json.loads(json.dumps(comparison_json(chosen), allow_nan=False))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["same"] is (which != "different")
    assert len(document["verdicts"]) == len(chosen.verdicts)
    assert len(document["observations"]) == len(chosen.observations)
    assert len(document["answers"]) == len(chosen.shapes)
    assert bool(document["one_sided"]) is (which == "one-sided")
    assert document["a"]["base_url"] == chosen.a.base_url


@EACH_LANGUAGE
def test_the_last_line_says_it_all(lang: Lang, healthy: Path, difference: Comparison) -> None:
    same = compare(read_evidence(healthy), read_evidence(healthy))
    assert list(terminal(same, lang))[-1].startswith(Text("Same: ", "一致：").in_(lang))
    assert list(terminal(difference, lang))[-1].startswith(Text("Different: ", "不一致：").in_(lang))
    assert conclusion(difference).in_(lang) in "\n".join(markdown(difference, lang))
    assert len(list(terminal(same, lang))) == 4  # both runs, nothing, the sentence


@EACH_LANGUAGE
def test_both_forms_name_every_difference(lang: Lang, difference: Comparison) -> None:
    told = "\n".join(terminal(difference, lang))
    written = "\n".join(markdown(difference, lang)).replace("\\", "")
    for text in (told, written):
        assert all(entry.requirement in text for entry in difference.verdicts)
        assert all(entry.line.requirement in text for entry in difference.observations)
        assert all(f"{entry.operation} {entry.status}" in text for entry in difference.shapes)
        assert "/lease" in text
        assert "x-edition" in text
        assert "application/problem+json" in text


def test_chinese_is_chinese_throughout(difference: Comparison) -> None:
    """Every line but those that only hold names has Chinese in it, or is the same in English."""
    english = set(terminal(difference, "en"))
    for line in terminal(difference, "zh"):
        assert re.search("[\u4e00-\u9fff]", line) or line in english or "：" in line, line


@EACH_LANGUAGE
def test_no_line_begins_with_text_of_the_target(lang: Lang, difference: Comparison) -> None:
    lines = list(terminal(difference, lang))
    assert any(HOSTILE in line for line in lines)
    for line in lines:
        assert line.isprintable()
        assert not line.strip().startswith(("::", "##", "<"))


@EACH_LANGUAGE
def test_text_of_the_target_is_no_markup(lang: Lang, difference: Comparison) -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).render("\n".join(markdown(difference, lang)))
    assert "<b>" not in rendered
    assert "&lt;b&gt;::error::" in rendered
    assert set(re.findall(r"<([a-z0-9]+)", rendered)) == {"h1", "h2", "p", "strong", "ul", "li"}


@pytest.mark.parametrize("text", ["[a](http://b)", "![a](b)", "`a`", "*a*", "_a_", "~~a~~", "&lt;", "<i>", "a | b"])
def test_no_sign_of_markdown_gets_through(text: str, difference: Comparison) -> None:
    said = replace(difference.observations[0], b=Text(text, text))
    lines = list(markdown(replace(difference, verdicts=(), shapes=(), observations=(said,)), "en"))
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"]).render("\n".join(lines))
    assert set(re.findall(r"<([a-z0-9]+)", rendered)) == {"h1", "h2", "p", "strong", "ul", "li"}
    assert re.sub(r"&(lt|gt|amp);", lambda m: {"lt": "<", "gt": ">", "amp": "&"}[m[1]], rendered).count(text) == 1


def blocked(requirement: str, cause: str | None) -> RequirementDifference:
    line = PlannedCheck("retry.starting", requirement)
    kind: VerdictKind = "inconclusive" if cause else "failed"
    pair = Verdict(line=line, kind="passed"), Verdict(line=line, kind=kind, blocked_by=cause)
    return RequirementDifference(requirement=requirement, a="passed", b=kind, cases=(pair,))


@EACH_LANGUAGE
def test_what_follows_from_a_failure_is_told_under_it(lang: Lang, difference: Comparison) -> None:
    verdicts = (blocked("ack.retry.starting", None), blocked("ack.answer.schema-en", "ack.retry.starting"))
    lines = list(terminal(replace(difference, verdicts=verdicts, observations=(), shapes=()), lang))
    assert [line for line in lines if line.startswith("- ack.")] == [
        Text("- ack.retry.starting (MUST): A passed, B failed", "- ack.retry.starting（MUST）：A 通过，B 失败").in_(
            lang
        )
    ]
    assert any(line.startswith("    ") and line.endswith("ack.answer.schema-en") for line in lines)


def test_what_blocks_each_other_is_told_in_full(difference: Comparison) -> None:
    verdicts = (
        blocked("ack.retry.starting", "ack.answer.schema-en"),
        blocked("ack.answer.schema-en", "ack.retry.starting"),
    )
    lines = list(terminal(replace(difference, verdicts=verdicts, observations=(), shapes=()), "en"))
    assert len([line for line in lines if line.startswith("- ack.")]) == 2
