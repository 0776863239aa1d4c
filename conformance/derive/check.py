"""Compares the committed files with the pages: readable differences, page by page, then file by file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.derive.docs import Docs
from conformance.derive.errors import UnparsablePage
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.output import DIVERGENCES, PAGES, SOURCE, Derivation, page_facts_json
from conformance.derive.page import json_equal

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference, in both languages. `cause`: a page differs; the other differences follow from such."""

    en: str
    zh: str
    cause: bool = True


def differences(folder: Path, derivation: Derivation) -> list[Difference]:
    """Return how the committed files in `folder` differ from the pages.

    Lines and wording are compared only for pages read from the paraphrased spec.

    Raises:
        UnparsablePage: a committed file is not JSON.
    """
    committed = {name: _load(folder, name) for name in _names(folder, derivation)}
    found = [*_pages(committed.get(PAGES), derivation.docs)]
    if any(not text.paraphrased for text in derivation.docs.texts.values()):
        return [*found, *_files(committed, derivation, ignoring=_without_places)]
    found += _sheets(committed.get(SOURCE), derivation.docs)
    found += _files(committed, derivation, ignoring=lambda value: value)
    return found or [*_bytes(folder, derivation)]


def _names(folder: Path, derivation: Derivation) -> list[str]:
    there = [f"{lang}/{file.name}" for lang in LANGS for file in sorted((folder / lang).glob("*.schema.json"))]
    return list(dict.fromkeys((*derivation.files, *there)))


def _load(folder: Path, name: str) -> Any:
    file = folder / name
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return _MISSING
    except ValueError as error:
        raise UnparsablePage(
            str(file), getattr(error, "lineno", 0), en=f"not JSON ({error})", zh=f"不是合法的 JSON（{error}）"
        ) from None


# Pages ----------------------------------------------------------------------------------------------------------------


def _pages(committed: Any, docs: Docs) -> Iterator[Difference]:
    if not isinstance(committed, dict):
        return  # reported as a missing file
    now = page_facts_json(docs)["pages"]
    before = committed.get("pages", {})
    for page in dict.fromkeys((*before, *now)):
        sections = [dict(before.get(page, {}).get("sections", {})), dict(now.get(page, {}).get("sections", {}))]
        for key in dict.fromkeys((*sections[0], *sections[1])):
            old, new = (side.get(key, {}) for side in sections)
            for lang in LANGS:
                yield from _section(lang, page, key, old, new)


def _section(lang: Lang, page: str, key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    heading = (new.get("heading") or old.get("heading") or {}).get(lang) or key
    where = f"{lang}/{page} § {heading}"
    yield from _aspects(
        where, None, _of(old, "facts", lang), _of(new, "facts", lang), _of(old, "at", lang), _of(new, "at", lang)
    )
    for name in dict.fromkeys((*old.get("rows", {}), *new.get("rows", {}))):
        before, after = old.get("rows", {}).get(name, {}), new.get("rows", {}).get(name, {})
        facts = _of(before, "facts", lang), _of(after, "facts", lang)
        yield from _aspects(where, name, *facts, _of(before, "at", lang), _of(after, "at", lang))


def _of(node: Mapping[str, Any], key: str, lang: Lang) -> Any:
    return (node.get(key) or {}).get(lang)


def _aspects(
    where: str, row: str | None, old: Any, new: Any, old_at: str | None, new_at: str | None
) -> Iterator[Difference]:
    subject_en = where + (f", row `{row}`" if row else "")
    subject_zh = where + (f"，`{row}` 行" if row else "")
    if old is None or new is None:
        if old is not new:
            at = old_at if new is None else new_at
            gone = new is None
            yield Difference(
                f"{subject_en}: {'committed, but no longer on the page' if gone else 'on the page, but not committed'} ({at})",
                f"{subject_zh}：{'已提交，但页面上已没有' if gone else '页面上有，但未提交'}（{at}）",
            )
        return
    for aspect in dict.fromkeys((*old, *new)):
        before, after = old.get(aspect, _MISSING), new.get(aspect, _MISSING)
        if not _same(before, after):
            yield Difference(
                f"{subject_en}, {aspect}: committed {_shown(before, 'nothing')}, the page says {_shown(after, 'nothing')} ({new_at})",
                f"{subject_zh}，{aspect}：已提交 {_shown(before, '（无）')}，页面为 {_shown(after, '（无）')}（{new_at}）",
            )


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not _MISSING and other is not _MISSING and json_equal(one, other))


def _shown(value: Any, nothing: str) -> str:
    return nothing if value is _MISSING else json.dumps(value, ensure_ascii=False)


def _sheets(committed: Any, docs: Docs) -> Iterator[Difference]:
    """Yield pages of the paraphrased spec whose bytes changed since the derivation, including wording and lines."""
    if not isinstance(committed, dict):
        return
    for (lang, page), sheet in docs.paraphrased_texts.items():
        recorded = committed.get(page, {}).get(lang, {}).get("sheet_sha256")
        if recorded != sheet.sha256:
            yield Difference(
                f"{sheet.name}: changed since the files were derived from it. Run `work-conformance schemas derive`.",
                f"{sheet.name}：推导之后又有改动。请运行 `work-conformance schemas derive`。",
                cause=False,
            )


# Files ----------------------------------------------------------------------------------------------------------------


def _files(committed: Mapping[str, Any], derivation: Derivation, ignoring: Any) -> Iterator[Difference]:
    compared = [name for name in committed if name not in {PAGES, SOURCE, DIVERGENCES}]
    for name in compared:
        derived = json.loads(derivation.files[name]) if name in derivation.files else _MISSING
        for pointer, before, after in _changes(ignoring(committed[name]), ignoring(derived), ""):
            yield Difference(
                f"schemas/{name} at {pointer or '/'}: committed {_brief(before)}, derived {_brief(after)}",
                f"schemas/{name} 的 {pointer or '/'}：已提交 {_brief(before)}，推导得出 {_brief(after)}",
                cause=False,
            )
    for name in (PAGES, SOURCE, DIVERGENCES):
        if committed[name] is _MISSING:
            yield Difference(f"schemas/{name} is missing", f"缺少 schemas/{name}", cause=False)


def _changes(old: Any, new: Any, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _changes(old.get(name, _MISSING), new.get(name, _MISSING), f"{pointer}/{name}")
    elif not _same(old, new):
        yield pointer, old, new


def _brief(value: Any) -> str:
    if value is _MISSING:
        return "—"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"


def _without_places(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_places(inner) for name, inner in value.items() if name != "x-source"}


def _bytes(folder: Path, derivation: Derivation) -> Iterator[Difference]:
    """Yield files with the same content as derived but other bytes: somebody edited them."""
    for name, text in derivation.files.items():
        if (folder / name).read_text("utf-8") != text:
            yield Difference(
                f"schemas/{name}: the schemas agree, but the file differs from the derived one. Run `work-conformance schemas derive`.",
                f"schemas/{name}：schema 一致，但文件与推导结果不同。请运行 `work-conformance schemas derive`。",
                cause=False,
            )
