"""What is odd and still read correctly: line ends, marks, full-width forms, and what Mintlify leaves in its pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.derive.docs import known_pages
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.output import page_facts_json
from conformance.derive.page import Page
from tests.derive.schema_copies import derived_from, page_of, run, sheet, text_of


def rows_of(page: Page) -> dict[str, dict[str, object]]:
    return {f"{key}/{row.key}": dict(row.facts) for key, section in page.sections.items() for row in section.rows}


def lines_of(page: Page) -> list[int]:
    return [
        number
        for section in page.sections.values()
        for number in (section.line, *(row.line for row in section.rows), *(body.line for body in section.bodies))
    ]


def mixed(text: str) -> str:
    """Lines end in three ways by turns; none in CR before an empty line that ends in LF, which would be one end."""
    lines = text.split("\n")[:-1]
    ends = ["\n" if not line else ("\r\n", "\r", "\n")[number % 3] for number, line in enumerate(lines)]
    for number, line in enumerate(lines[1:], 1):
        if not line:
            ends[number - 1] = "\r\n"
    return "".join(map("".join, zip(lines, ends, strict=True)))


WRITTEN: dict[str, Callable[[str], str]] = {
    "a byte-order mark": lambda text: "\ufeff" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "mixed line ends": mixed,
    "no line end at the end": lambda text: text.rstrip("\n"),
    "blanks behind lines": lambda text: text.replace("|\n", "|  \t\n"),
    "no blanks in cells": lambda text: text.replace("| ", "|").replace(" |", "|"),
    "tables without outer bars": lambda text: "\n".join(
        line[2:].removesuffix("|") if line.startswith("| ") else line for line in text.split("\n")
    ),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("name", [f"{lang}/{page}" for lang in LANGS for page in known_pages()])
def test_another_way_of_writing_changes_no_fact_and_no_line(how: str, name: str) -> None:
    text = text_of(name)
    before, after = page_of(name, text), page_of(name, WRITTEN[how](text))
    assert rows_of(after) == rows_of(before)
    assert lines_of(after) == lines_of(before)
    assert after.title == before.title
    for key, section in before.sections.items():
        other = after.sections[key]
        assert (other.bodies, other.requests) == (section.bodies, section.requests)
        assert (other.statements, other.mentions) == (section.statements, section.mentions)


@pytest.mark.parametrize("how", ["a byte-order mark", "mixed line ends"])
def test_another_way_of_writing_gives_the_same_schemas(how: str, schemas: Path) -> None:
    for lang in LANGS:
        for page in known_pages():
            name = f"{lang}/{page}"
            sheet(schemas, name).write_text(WRITTEN[how](text_of(name)), "utf-8", newline="")
    derivation = derived_from(schemas)
    for lang in LANGS:
        for stem in derivation.schemas[lang].files:
            file = f"{lang}/{stem}.schema.json"
            assert derivation.files[file] == (schemas / file).read_text("utf-8")


FULL_WIDTH = [
    ("zh/work-schemas", r"| string\|null | worker", "| string｜null | worker"),
    ("zh/work-schemas", r"| string\|null | worker", r"| string \| null | worker"),
    ("en/work-schemas", r"| string\|null | The time of a w", r"| `string \| null` | The time of a w"),
    ("zh/work-schemas", r"| string\|null | worker", "| ｓｔｒｉｎｇ｜ｎｕｌｌ | worker"),
    ("zh/work-schemas", "| 字段  ", "| `字段`  "),
    ("zh/errors", "| `error.type`            | 说明", "| ｅｒｒｏｒ．ｔｙｐｅ | 说明"),
    ("zh/errors", "| `error.type`            | 说明", "| error.type | 说明"),
    ("en/errors", "| HTTP status |", "| `http` Status |"),
    ("zh/ack", "| 404  |", "| ４０４ |"),
    ("zh/ack", "| 404  |", "| `404` |"),
    ("zh/ack", "## 错误码", "## 　错误码　"),
    ("zh/conventions", "## ID 前缀", "## ＩＤ 前缀"),
    ("zh/conventions", "| key 最大长度", "| ｋｅｙ 最大长度"),
    ("en/ack", "| Yes ", "| YES "),
    ("zh/ack", "`permission_error`      ", "permission_error"),
    ("zh/work-schemas", "item 的 id，前缀为 `work_`", "item 的 id（前缀为 `work_`）。"),
    ("zh/work-schemas", "item 的 id，前缀为 `work_`", "item 的 id；前缀为`work_`"),
    ("zh/work-schemas", '固定为 `"work"`', '“固定为`"work"`”。'),
    ("zh/work-schemas", "创建的时间（UTC）", "创建的时间(UTC)"),
    ("zh/work-schemas", "创建的时间（UTC）", "创建的时间，ＵＴＣ。"),
    ("zh/conventions", "RFC 3339（或", "ＲＦＣ　３３３９（或"),
    ("en/conventions", "RFC 3339 (or", "rfc 3339 （or"),
    ("en/work-schemas", "with the `work_` prefix", "with  the `work_`  prefix"),
    ("en/work-schemas", "in UTC", "IN UTC."),
]


@pytest.mark.parametrize(("name", "before", "after"), FULL_WIDTH)
def test_full_width_forms_and_code_marks_are_read(name: str, before: str, after: str) -> None:
    text = text_of(name)
    assert before in text
    one, other = page_of(name, text), page_of(name, text.replace(before, after, 1))
    assert rows_of(other) == rows_of(one)
    assert {key: section.statements for key, section in other.sections.items()} == {
        key: section.statements for key, section in one.sections.items()
    }


CALLS = [
    ("ack", "curl -X POST", "curl --request POST"),
    ("ack", '-H "Worker', '--header "Worker'),
    ("get", "curl -X GET", "curl"),
    ("get", "```bash", "```sh"),
    ("get", "```bash", "```Shell theme={null}"),
    ("get", "```json", "```JSON"),
    ("ack", '  -H "Worker-ID: byoc-worker-01"', '  -H "Worker-ID: byoc-worker-01"  # any name'),
]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("page", "before", "after"), CALLS)
def test_an_example_written_otherwise_is_the_same_example(page: str, before: str, after: str, lang: Lang) -> None:
    name = f"{lang}/{page}"
    text = text_of(name)
    assert before in text
    one, other = page_of(name, text), page_of(name, text.replace(before, after, 1))
    for section in ("example-request", "example-response"):
        assert [call.value for call in other.sections[section].requests] == [
            call.value for call in one.sections[section].requests
        ]
        assert other.sections[section].bodies == one.sections[section].bodies


@pytest.mark.parametrize("flag", ["-d", "--data", "--data-raw"])
def test_a_call_with_a_body_is_a_post_unless_it_says_otherwise(flag: str) -> None:
    text = text_of("en/get").replace("curl -X GET", f"curl {flag} '{{}}'")
    [call] = page_of("en/get", text).sections["example-request"].requests
    assert (call.value["method"], call.value["body"]) == ("POST", True)


def leftovers(lang: Lang, text: str) -> str:
    """A sheet as Mintlify would publish it."""
    note = {"en": "Kept for `seven` days.", "zh": "保留 `seven` 天。"}[lang]
    related = {"en": "Related", "zh": "相关"}[lang]
    return (
        "> ## Index\n> See [everything](https://docs.example/llms.txt).\n\n"
        + text.replace("```json\n", "```json theme={null}\n").replace("```bash\n", "```bash theme={null} lines\n")
        + f"\n<Note>\n  {note}\n</Note>\n"
        + f'\n## {related}\n\n<CardGroup cols={{2}}>\n  <Card title="x" icon="server" href="/x">\n'
        + "    A card with `code`, with the `card_` prefix.\n  </Card>\n</CardGroup>\n"
    )


@pytest.mark.parametrize("lang", LANGS)
def test_what_mintlify_leaves_is_read_over(lang: Lang) -> None:
    name = f"{lang}/ack"
    plain, published = page_of(name, text_of(name)), page_of(name, leftovers(lang, text_of(name)))
    assert published.title == plain.title
    assert rows_of(published) == rows_of(plain)
    assert [line - 3 for line in lines_of(published)] == lines_of(plain)
    for key in known_pages()["ack"]["sections"]:
        one, other = plain.sections[key], published.sections[key]
        assert [body.value for body in other.bodies] == [body.value for body in one.bodies]
        assert [request.value for request in other.requests] == [request.value for request in one.requests]
    assert [heading for heading, _ in published.unread] == [{"en": "Related", "zh": "相关"}[lang]]


@pytest.mark.parametrize("lang", LANGS)
def test_what_stands_in_a_note_is_not_lost(lang: Lang) -> None:
    name = f"{lang}/ack"
    notes = page_of(name, leftovers(lang, text_of(name))).sections["notes"]
    line = next(at for at, part in enumerate(leftovers(lang, text_of(name)).split("\n"), 1) if "`seven`" in part)
    assert notes.mentions["seven"] == line
    [(prose, at)] = [entry for entry in notes.prose if "seven" in entry[0]]
    assert at == line
    assert "Note" not in prose


@pytest.mark.parametrize("lang", LANGS)
def test_a_table_right_below_a_tag_is_read(lang: Lang) -> None:
    name = f"{lang}/ack"
    text = text_of(name)
    page = page_of(name, text.replace("\n\n| HTTP", "\n\n<Tab>\n| HTTP", 1))
    assert rows_of(page) == rows_of(page_of(name, text))


@pytest.mark.parametrize("lang", LANGS)
def test_a_published_page_agrees_with_the_sheets_though_it_looks_otherwise(lang: Lang, tmp_path: Path) -> None:
    file = tmp_path / lang / "ack.md"
    file.parent.mkdir()
    head, _, _ = leftovers(lang, text_of(f"{lang}/ack")).partition("\n<Note>")
    file.write_text(f"{head}\n## X\n", "utf-8")
    result = run("check", "--docs", tmp_path)
    assert result.exit_code == 0, result.output
    assert "Not found there, taken from the paraphrased spec: " in result.stdout
    assert f"{file}: sections not read: X (" in result.stdout


@pytest.mark.parametrize("lang", LANGS)
def test_pages_taken_from_the_sheets_are_listed(lang: Lang, tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "ack.md").write_text(text_of("en/ack"), "utf-8")
    result = run("check", "--docs", tmp_path, "--lang", lang)
    assert result.exit_code == 0, result.output
    mark = {"en": "taken from the paraphrased spec", "zh": "改用转述规范"}[lang]
    [listed] = [line for line in result.stdout.splitlines() if mark in line]
    assert "zh/ack" in listed
    assert "en/work-schemas" in listed
    assert "en/ack" not in listed


def test_where_every_page_is_found_none_is_listed(schemas: Path) -> None:
    result = run("check", "--docs", schemas / "docs")
    assert result.exit_code == 0, result.output
    assert "taken from the sheets" not in result.stdout


def test_a_page_elsewhere_may_word_its_prose_otherwise(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    text = text_of("en/ack").replace("To be called between", "Call it between")
    (tmp_path / "en" / "ack.md").write_text(f"\n\n{text}", "utf-8")
    assert run("check", "--docs", tmp_path).exit_code == 0


def test_a_page_elsewhere_that_says_otherwise_is_told_by_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    file = tmp_path / "zh" / "ack.md"
    file.write_text(text_of("zh/ack").replace("`permission_error`", "`authentication_error`"), "utf-8")
    result = run("check", "--docs", tmp_path)
    assert result.exit_code == 1
    told = [line for line in result.stdout.splitlines() if line.startswith("zh/ack § 错误码, row `403`")]
    assert len(told) == 1
    assert f"({file}:67)" in told[0]


def test_every_fact_of_the_sheets_is_in_the_committed_pages(schemas: Path) -> None:
    committed = json.loads((schemas / "PAGES.json").read_text("utf-8"))
    assert committed == page_facts_json(derived_from(schemas).docs)
