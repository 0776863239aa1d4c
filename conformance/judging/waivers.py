"""Known failures: a file that names them, with a reason each. A waived failure is shown and does not fail the run.

A waiver says which failure it is about as closely as its author wants: a requirement, or one check of it; and how the
failure looks. One that has expired, whose requirement was judged and no longer fails, or whose failure looks otherwise
now, fails the run, so that a list of known failures never outlives them.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load
from conformance.judging.verdict import Line, Red, Verdict
from conformance.spelling import nearest
from conformance.target import ConfigurationError
from conformance.text import Text

_TABLE: Final = "waiver"
_KEYS: Final = ("requirement", "check", "reason", "link", "expires", "finding")
_SEPARATOR: Final = "::"
_LONGEST: Final = 2000
_LOOK: Final = 300
_VOLATILE: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[Tt][0-9:.]+(?:[Zz]|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b[a-z]+_[0-9A-Za-z]{6,}"), "<id>"),
    (re.compile(r"\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{16,}\b"), "<id>"),
    (re.compile(r"\bconformance-[0-9a-f-]+"), "<worker>"),
    (re.compile(r"\d{5,}"), "<number>"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry. `number` is the line of the file at which it begins; `scenario` None means every check.

    `finding` are the looks of the failure (see `look`) that the author knows; empty means any.
    """

    number: int
    requirement: str
    scenario: str | None
    reason: str
    link: str | None
    expires: date | None
    finding: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What it is about, as the file names it."""
        return self.requirement if self.scenario is None else f"{self.scenario}{_SEPARATOR}{self.requirement}"

    def is_about(self, line: Line) -> bool:
        """Whether a line of the plan is what it is about."""
        return line.requirement == self.requirement and self.scenario in (None, line.scenario)

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < today

    def fits(self, verdict: Verdict) -> bool:
        """Whether a failure looks as its author knew it."""
        return not self.finding or {look(red) for red in verdict.reds} <= set(self.finding)


@dataclass(frozen=True, slots=True)
class Waivers:
    """The entries of one file, and the day on which they are read."""

    entries: tuple[Waiver, ...]
    today: date

    def apply(self, verdict: Verdict) -> Verdict:
        """A failure that is known becomes `waived`; everything else stays."""
        if verdict.kind == "failed":
            for entry in self.entries:
                if entry.is_about(verdict.line) and not entry.expired(self.today) and entry.fits(verdict):
                    return replace(verdict, kind="waived", waiver=Text(entry.reason, entry.reason), link=entry.link)
        return verdict

    def complaints(self, verdicts: Iterable[Verdict]) -> list[Text]:
        """What is wrong with the entries, each with its line: expired, or no longer about this target."""
        known = list(verdicts)
        return [complaint for entry in self.entries if (complaint := self._complaint(entry, known)) is not None]

    def _complaint(self, entry: Waiver, verdicts: list[Verdict]) -> Text | None:
        about = [verdict for verdict in verdicts if entry.is_about(verdict.line)]
        failed = [verdict for verdict in about if verdict.kind in {"failed", "waived"}]
        if entry.expired(self.today):
            return _complain(
                entry, f"expired on {entry.expires}; renew or remove it", f"已于 {entry.expires} 过期；请续期或删除"
            )
        if any(entry.fits(verdict) for verdict in failed):
            return None
        if failed:
            now = "; ".join(dict.fromkeys(look(red) for verdict in failed for red in verdict.reds))[:_LONGEST]
            return _complain(entry, f"the failure looks otherwise now: {now}", f"失败的情形已不同：{now}")
        if any(verdict.kind in {"passed", "warned", "observed"} for verdict in about):
            return _complain(entry, "matched nothing: it holds now; remove it", "没有匹配到任何失败：现已成立；请删除")
        return None


def _complain(entry: Waiver, en: str, zh: str) -> Text:
    return Text(
        f"waiver in line {entry.number} ({entry.subject}): {en}", f"第 {entry.number} 行的豁免（{entry.subject}）：{zh}"
    )


def look(red: Red) -> str:
    """How a failure looks: the place and what was expected and found, without what differs from run to run."""
    found = "" if red.exhibit else f" | {red.actual.en}"  # which answers of a race contradict each other is chance
    text = f"{red.pointer or 'answer'}: {red.expected.en}{found}"
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    shown = "".join(char if char.isprintable() else "?" for char in text[: _LOOK + 1])
    return shown if len(shown) <= _LOOK else shown[: _LOOK - 1] + "…"


def entry_for(requirement: str, verdicts: Iterable[Verdict]) -> list[str]:
    """A ready-made entry for a failed requirement, as lines of TOML; the reason is left to be said."""
    looks = dict.fromkeys(look(red) for verdict in verdicts for red in verdict.reds)
    yes = [
        f"[[{_TABLE}]]",
        f"requirement = {json.dumps(requirement)}",
        'reason = ""  # say why, it is printed in reports',
    ]
    return [*yes, f"finding = [{', '.join(json.dumps(each, ensure_ascii=False) for each in looks)}]"]


# Reading --------------------------------------------------------------------------------------------------------------


def read_waivers(path: Path) -> str:
    """The text of a file of waivers, valid.

    Raises:
        ConfigurationError: it cannot be read, or an entry is wrong; one sentence with file and line.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"--waivers: {path} cannot be read ({error.strerror}).", f"--waivers：无法读取 {path}（{error.strerror}）。"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"--waivers: {path} is not UTF-8.", f"--waivers：{path} 不是 UTF-8 编码。") from None
    parse(text, str(path))
    return text


@cache
def parse(text: str, name: str = "waivers", today: date | None = None) -> Waivers:
    """The waivers of a text. Without `today` nothing has expired.

    Raises:
        ConfigurationError: the text is not TOML, or an entry is wrong.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is not TOML ({error}).", f"{name} 不是 TOML（{error}）。") from None
    _known_keys(name, 1, data, (_TABLE,))
    tables = data.get(_TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{name}: entries begin with [[{_TABLE}]].", f"{name}：每一项以 [[{_TABLE}]] 开头。")
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if _opens(line)]
    entries = tuple(_entry(name, number, table) for number, table in zip(numbers, tables, strict=False))
    return Waivers(entries, today or date.min)


def _opens(line: str) -> bool:
    return line.partition("#")[0].replace(" ", "").strip() == f"[[{_TABLE}]]"


def _entry(name: str, number: int, table: dict[str, Any]) -> Waiver:
    _known_keys(name, number, table, _KEYS)
    scenario, requirement = _subject(name, number, table)
    reason = table.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise _wrong(name, number, "reason must say why the failure is waived.", "reason 必须说明豁免的理由。")
    link, expires, finding = table.get("link"), table.get("expires"), table.get("finding", [])
    if link is not None and not (isinstance(link, str) and re.fullmatch(r"https?://\S+", link)):
        raise _wrong(name, number, "link must be an http(s) address.", "link 必须是 http(s) 地址。")
    if expires is not None and type(expires) is not date:
        raise _wrong(
            name, number, "expires must be a date such as 2027-01-31.", "expires 必须是日期，例如 2027-01-31。"
        )
    if isinstance(finding, str):
        finding = [finding]
    if not isinstance(finding, list) or not all(isinstance(each, str) for each in finding):
        raise _wrong(name, number, "finding must be a list of strings.", "finding 必须是字符串列表。")
    return Waiver(
        number=number,
        requirement=requirement,
        scenario=scenario,
        reason=" ".join(reason.split())[:_LONGEST],
        link=link,
        expires=expires,
        finding=tuple(finding),
    )


def _subject(name: str, number: int, table: dict[str, Any]) -> tuple[str | None, str]:
    requirement, check = table.get("requirement"), table.get("check")
    if (requirement is None) == (check is None) or not isinstance(requirement or check, str):
        raise _wrong(
            name,
            number,
            'give either requirement = "ID" or check = "SCENARIO::ID".',
            '请给出 requirement = "ID" 或 check = "场景::ID" 之一。',
        )
    scenario = None
    if check is not None:
        scenario, _, requirement = check.partition(_SEPARATOR)
        _known(name, number, "scenario", "场景", scenario, scenarios())
    assert requirement is not None
    _known(name, number, "requirement", "要求", requirement, load().requirements)
    if scenario is not None and requirement not in scenarios()[scenario].requirements:
        raise _wrong(name, number, f"{scenario} does not judge {requirement}.", f"{scenario} 不判定 {requirement}。")
    level = load().requirements[requirement].level
    if level != "MUST":
        raise _wrong(
            name,
            number,
            f"{requirement} is {level}, which never fails a run.",
            f"{requirement} 为 {level}，不会使运行失败。",
        )
    return scenario, requirement


def _known_keys(name: str, number: int, table: dict[str, Any], keys: Collection[str]) -> None:
    for key in table:
        _known(name, number, "key", "键", key, keys)


def _known(name: str, number: int, en: str, zh: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        near = nearest(word, known)
        raise _wrong(
            name,
            number,
            f"there is no {en} {word!r}" + (f"; did you mean {near!r}?" if near is not None else "."),
            f"没有{zh} {word!r}" + (f"；是否应为 {near!r}？" if near is not None else "。"),
        )


def _wrong(name: str, number: int, en: str, zh: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}, line {number}: {en}",
        f"{name} 第 {number} 行：{zh}",
    )


def lines_of_entries(failed: Iterable[tuple[str, Iterable[Verdict]]]) -> Iterator[str]:
    """A file of waivers for every failed requirement: its lines."""
    for requirement, verdicts in failed:
        yield from entry_for(requirement, verdicts)
        yield ""
