"""Pages that cannot be read: one sentence with page and line, in the reader's language, and exit 2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.derive.docs import known_pages
from conformance.derive.errors import UnparsablePage
from conformance.derive.lexicon import LANGS, Lang, lexicon
from tests.derive.schema_copies import edit, page_of, refused, run, sheet, text_of

LONG_NUMBER = "9" * 5000
DEEP = "[" * 100_000


class Fault(NamedTuple):
    """The line of a sheet that begins so is changed; the complaint names a line that many further, and these words."""

    about: str
    sheet: str
    begins: str
    old: str | None
    new: str | None
    en: str
    zh: str
    further: int = 0


FAULTS = [
    Fault("column", "en/ack", "| HTTP", "Trigger", "Cause", "unknown column 'Cause'", "未知的列“Cause”"),
    Fault("column", "zh/ack", "| HTTP", "触发条件", "原因", "unknown column '原因'", "未知的列“原因”"),
    Fault("table", "en/ack", "| Header", "Header", "Head", "unknown column 'Head'", "未知的列“Head”"),
    Fault("table", "zh/poll", "| 参数             |", "参数", "量", "unknown column '量'", "未知的列“量”"),
    Fault("type", "en/work-schemas", "| `state`", "string", "strnig", "did you mean 'string'?", "是否应为“string”？"),
    Fault("type", "zh/work-schemas", "| `data` ", "object", "对象", "unknown type '对象'", "未知的类型“对象”"),
    Fault("type", "zh/errors", "| `type`", "string", r"string\|nul", "unknown type 'nul'", "未知的类型“nul”"),
    Fault("type", "en/errors", "| `type`", "string", "", "unknown type ''", "未知的类型“”"),
    Fault("required", "en/ack", "| `Worker-ID`", "No ", "Maybe", "'Maybe'; known: Yes, No", "“Maybe”；已知：Yes, No"),
    Fault("required", "zh/ack", "| `Worker-ID`", "否", "可选", "'可选'; known: 是, 否", "“可选”；已知：是, 否"),
    Fault("error type", "en/ack", "| 403", "permission", "permision", "'permission_error'?", "“permission_error”？"),
    Fault("error type", "zh/errors", "| 500", "api", "server", "error type 'server_error'", "错误类型“server_error”"),
    Fault("status", "en/ack", "| 404", "404", "4o4", "'4o4' is not an HTTP status", "“4o4”不是 HTTP 状态码"),
    Fault("status", "zh/ack", "| 404", "404", "40", "'40' is not an HTTP status", "“40”不是 HTTP 状态码"),
    Fault("status", "en/errors", "| 409", "409", "600", "'600' is not an HTTP status", "“600”不是 HTTP 状态码"),
    Fault("status", "zh/errors", "| 409", "409", "099", "'099' is not an HTTP status", "“099”不是 HTTP 状态码"),
    Fault("rule", "en/conventions", "| Shape", "Shape", "Form", "unknown rule 'Form'", "未知的规则“Form”"),
    Fault("rule", "zh/conventions", "| 结构", "结构", "外形", "unknown rule '外形'", "未知的规则“外形”"),
    Fault("name", "en/ack", "| 401", "401", "", "the first cell is empty", "第一个单元格为空"),
    Fault(
        "cell too many", "en/ack", "| 401", "| The", "| x | The", "3 columns, but this row has 4", "3 列，而此行有 4 列"
    ),
    Fault(
        "cell too many", "zh/ack", "| 401", "| PAT", "| x | PAT", "3 columns, but this row has 4", "3 列，而此行有 4 列"
    ),
    Fault(
        "cell too few", "zh/errors", "| `type`", "| string ", "", "4 columns, but this row has 3", "4 列，而此行有 3 列"
    ),
    Fault(
        "full-width bar",
        "zh/errors",
        "| `type`",
        "| string ",
        "｜ string ",
        "4 columns, but this row has 3",
        "此行有 3 列",
    ),
    Fault(
        "bar not escaped",
        "en/work-schemas",
        "| `stopped_at`",
        r"\|",
        "|",
        "3 columns, but this row has 4",
        "3 列，而此行有 4 列",
    ),
    Fault("text behind the table", "en/ack", "| 409", None, "And so on.", "this row has 1", "此行有 1 列"),
    Fault("JSON", "en/ack", '  "type"', ",", "", "not JSON", "不是合法的 JSON", 1),
    Fault("JSON", "zh/poll", '  "metadata"', "{}", "{},", "not JSON", "不是合法的 JSON", 1),
    Fault("JSON", "zh/get", '  "state"', '"active"', "active", "not JSON", "不是合法的 JSON"),
    Fault("NaN", "en/get", '  "state"', '"active"', "NaN", "not JSON", "不是合法的 JSON"),
    Fault("infinity", "zh/get", '  "state"', '"active"', "-Infinity", "not JSON", "不是合法的 JSON"),
    Fault("shell", "en/ack", "curl", '"https', "https", "not a shell command", "不是 shell 命令"),
    Fault("second section", "en/ack", "## Notes", "Notes", "Errors", "duplicate section 'Errors'", "小节“Errors”重复"),
    Fault(
        "second section", "zh/ack", "## 注意", "注意事项", "错误码", "duplicate section '错误码'", "小节“错误码”重复"
    ),
    Fault("second row", "en/ack", "| 403", "403", "401", "duplicate row '401'", "'401' 行重复"),
    Fault("second row", "zh/work-schemas", "| `id`", None, "| `id` | string | x |", "duplicate row", "行重复"),
    Fault(
        "second column", "en/work-schemas", "| Field", "Description", "Type", "duplicate column 'Type'", "“Type”列重复"
    ),
    Fault("second column", "zh/ack", "| 头部", "必选", "说明", "duplicate column '说明'", "“说明”列重复"),
    Fault("no column", "en/work-schemas", "| Field", "Type", "Default", "no column 'Type'", "缺少“Type”列"),
    Fault("other table", "en/work-schemas", "| State", "State", "Field", "'Field'; known here: State", "的列：State"),
    Fault("other table", "zh/ack", "| 参数", "参数", "字段", "'字段'; known here: 参数", "此处已知的列：参数"),
]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.about}, {fault.sheet}, {fault.new}")
def test_a_fault_is_told_with_page_and_line(fault: Fault, lang: Lang, schemas: Path) -> None:
    line = edit(schemas, fault.sheet, fault.begins, fault.old, fault.new) + fault.further
    sentence = refused(lang, "check", "--schemas", schemas)
    assert sentence.startswith(f"schemas/docs/{fault.sheet}.md:{line}{'：' if lang == 'zh' else ': '}")
    assert (fault.zh if lang == "zh" else fault.en) in sentence


BROKEN_TABLES = {
    "the delimiter row is missing": lambda table: [table[0], *table[2:]],
    "the delimiter row is narrower": lambda table: [table[0], "| --- |", *table[2:]],
    "the delimiter row is wider": lambda table: [table[0], table[1] + " --- |", *table[2:]],
    "the delimiter row has another sign": lambda table: [table[0], table[1].replace("-", "="), *table[2:]],
    "the bars are full-width": lambda table: [row.replace("|", "｜") for row in table],
    "the header's bars are full-width": lambda table: [table[0].replace("|", "｜"), *table[1:]],
    "the delimiter row's bars are full-width": lambda table: [table[0], table[1].replace("|", "｜"), *table[2:]],
}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("how", BROKEN_TABLES)
def test_a_broken_table_is_told_with_the_line_of_its_header(how: str, lang: Lang, schemas: Path) -> None:
    change: Any = BROKEN_TABLES[how]
    file = sheet(schemas, f"{lang}/ack")
    lines = file.read_text("utf-8").split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("| HTTP"))
    end = lines.index("", start)
    lines[start:end] = change(lines[start:end])
    file.write_text("\n".join(lines), "utf-8")
    sentence = refused(lang, "check", "--schemas", schemas)
    assert sentence.startswith(f"schemas/docs/{lang}/ack.md:{start + 1}")
    assert {"en": "this table is broken", "zh": "表格格式错误"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('{"a": 1, "a": 1}', {"en": "duplicate key 'a'", "zh": "键 'a' 重复"}),
        ('{"a": {"b": [{"c": 1, "c": 2}]}}', {"en": "duplicate key 'c'", "zh": "键 'c' 重复"}),
        (LONG_NUMBER, {"en": "cannot be read as JSON", "zh": "无法作为 JSON 读取"}),
        (DEEP, {"en": "cannot be read as JSON", "zh": "无法作为 JSON 读取"}),
        ("[" * 101 + "]" * 101, {"en": "nesting is too deep", "zh": "嵌套过深"}),
        ("NaN", {"en": "not JSON", "zh": "不是合法的 JSON"}),
    ],
    ids=["a key twice", "a key twice inside", "too many digits", "too deep", "just too deep", "NaN"],
)
def test_an_example_that_is_no_json_is_told(value: str, words: dict[Lang, str], lang: Lang) -> None:
    name = f"{lang}/ack"
    text = text_of(name) + f"\n```json\n{value}\n```\n"
    with pytest.raises(UnparsablePage) as raised:
        page_of(name, text)
    assert raised.value.line == len(text_of(name).split("\n")) + 2
    assert words[lang] in (raised.value.zh if lang == "zh" else raised.value.en)


def test_an_example_may_be_deep_within_reason(schemas: Path) -> None:
    """Brackets in strings are none; what was read can also be compared and written."""
    deep = "[" * 90 + '"' + "[" * 50 + '"' + "]" * 90
    edit(schemas, "en/poll", '  "metadata"', "{}", f'{{}}, "deep": {deep}')
    assert run("check", "--schemas", schemas).exit_code == 1


NEEDED = [
    (f"{lang}/{page}", section)
    for lang in LANGS
    for page, known in known_pages().items()
    for section in known["sections"]
]


@pytest.mark.parametrize(("name", "section"), NEEDED)
def test_a_missing_section_is_told_with_the_last_line(name: str, section: str) -> None:
    text = text_of(name)
    heading = page_of(name, text).sections[section].heading
    parts = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    if section == "introduction":
        summary = parts[1].split("\n\n")[:2]
        without = "".join(["\n\n".join(summary), "\n\n", *parts[2:]])
    else:
        without = "".join(part for part in parts if part.split("\n")[0].lstrip("# ") != heading)
    with pytest.raises(UnparsablePage) as raised:
        page_of(name, without)
    assert raised.value.line == without.rstrip("\n").count("\n") + 1
    known = lexicon("zh" if name.startswith("zh") else "en")
    wanted = known.introduction_name if section == "introduction" else known.data["headings"][section][0]
    assert repr(wanted) in raised.value.en
    assert f"“{wanted}”" in raised.value.zh


@pytest.mark.parametrize("name", [f"{lang}/{page}" for lang in LANGS for page in known_pages()])
def test_every_section_that_something_reads_is_needed(name: str, schemas: Path) -> None:
    """Without a section the page is refused, or the derivation goes on without it; it never breaks."""
    text = text_of(name)
    headings = re.findall(r"^#{2,3} .*$", text, re.MULTILINE)
    assert headings
    for heading in headings:
        sheet(schemas, name).write_text(text.replace(f"{heading}\n", "## x\n"), "utf-8")
        result = run("check", "--schemas", schemas)
        assert result.exit_code in {1, 2}
        assert "Traceback" not in result.output


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_without_a_title_is_told(lang: Lang, schemas: Path) -> None:
    edit(schemas, f"{lang}/errors", "# ", "", None)
    sentence = refused(lang, "check", "--schemas", schemas)
    assert sentence.startswith(f"schemas/docs/{lang}/errors.md")
    assert {"en": "the title", "zh": "没有标题"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_page_that_is_not_utf_8_is_told_with_its_line(end: bytes, lang: Lang, schemas: Path) -> None:
    file = sheet(schemas, f"{lang}/stop")
    lines = file.read_bytes().split(b"\n")
    lines[6] = "错误".encode("gb18030")
    file.write_bytes(end.join(lines))
    sentence = refused(lang, "check", "--schemas", schemas)
    assert sentence.startswith(f"schemas/docs/{lang}/stop.md:7")
    assert "UTF-8" in sentence


@pytest.mark.parametrize("lang", LANGS)
def test_a_missing_sheet_is_told(lang: Lang, schemas: Path) -> None:
    sheet(schemas, "zh/get").unlink()
    sentence = refused(lang, "check", "--schemas", schemas)
    assert sentence.startswith("schemas/docs/zh/get.md")
    assert {"en": "cannot be read", "zh": "无法读取"}[lang] in sentence


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("command", ["check", "derive", "divergences"])
def test_a_folder_without_any_known_page_is_told(command: str, lang: Lang, tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "other.md").write_text("# Other\n", "utf-8")
    (tmp_path / "ack.md").write_text(text_of("en/ack"), "utf-8")
    (tmp_path / "zh" / "ack.md").mkdir(parents=True)
    out = ("--out", tmp_path / "out") if command == "derive" else ()
    sentence = refused(lang, command, "--docs", tmp_path, *out)
    assert sentence.startswith(str(tmp_path))
    assert {"en": "none of the known pages was found", "zh": "没有任何已知页面"}[lang] in sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("docs", ["gone", "a" * 5000, "file.md"], ids=["gone", "a name too long", "a file"])
def test_a_folder_that_does_not_exist_is_told(
    docs: str, lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.md").write_text("# A file\n", "utf-8")
    sentence = refused(lang, "check", "--docs", docs)
    assert sentence.startswith(docs)


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_of_a_folder_is_complained_about_by_its_path(lang: Lang, tmp_path: Path) -> None:
    file = tmp_path / "zh" / "ack.md"
    file.parent.mkdir()
    file.write_text(text_of("zh/ack").replace("| 否 ", "| 或 "), "utf-8")
    sentence = refused(lang, "check", "--docs", tmp_path)
    assert sentence.startswith(f"{file}:23")
