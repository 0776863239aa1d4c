"""Known failures: a file that names them, each with a reason. A waived failure is shown and does not fail the run.

A waiver names its failure as precisely as its author wants: a requirement or one of its checks, and optionally the
failure's signature; or a root cause alone, by the signatures of all failures that follow from it. A waiver fails the
run if it has expired, if its requirement was judged and no longer fails, or if its failure has changed. So waivers
cannot outlive their failures.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import load_catalogue
from conformance.contract.schemas import MISSING_FIELD, REQUIRED_FIELD
from conformance.judging.failure_signature import cause_signatures, failure_signature, failure_signatures, lasting
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.suggest import nearest
from conformance.target import ConfigurationError
from conformance.text import Text

_TABLE: Final = "waiver"
_KEYS: Final = ("requirement", "check", "cause", "reason", "link", "expires", "finding")
_SEPARATOR: Final = "::"
_LONGEST: Final = 2000

_FORMERLY_MISSING: Final = re.compile(r"^(?P<pointer>/\S*): the field is there \| no such field$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry. `number` is the line of the file at which it begins; `scenario` None means every check.

    `finding` contains the failure signatures (see `failure_signature`) that the author knows; empty means any. An entry
    with a `cause` has no requirement: it covers every failure with these signatures.
    """

    number: int
    requirement: str | None
    scenario: str | None
    reason: str
    link: str | None
    expires: date | None
    finding: tuple[str, ...]
    cause: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """What it covers, as the file names it."""
        if self.requirement is None:
            return min(self.cause)
        return self.requirement if self.scenario is None else f"{self.scenario}{_SEPARATOR}{self.requirement}"

    def covers(self, line: PlannedCheck) -> bool:
        """Return whether it covers a check of the plan."""
        return line.requirement == self.requirement and self.scenario in (None, line.scenario)

    def explained_signatures(self, verdict: Verdict) -> frozenset[str]:
        """Return the failure signatures that follow from its cause."""
        return self.cause & cause_signatures(verdict)

    def expired(self, today: date) -> bool:
        """Return whether its last day is over."""
        return self.expires is not None and self.expires < today

    def matches(self, verdict: Verdict) -> bool:
        """Return whether a failure has a signature that its author knew."""
        return not self.finding or {failure_signature(failure) for failure in verdict.failures} <= set(self.finding)


@dataclass(frozen=True, slots=True)
class Waivers:
    """The entries of one file, and the day on which they are read."""

    entries: tuple[Waiver, ...]
    today: date

    def apply(self, verdict: Verdict) -> Verdict:
        """Return a known failure as `waived`, and any other verdict unchanged."""
        if verdict.kind == "failed":
            used = self._used(verdict)
            if used:
                reason = "; ".join(dict.fromkeys(entry.reason for entry in used))
                return replace(verdict, kind="waived", waiver=Text(reason, reason), link=used[0].link)
        return verdict

    def _used(self, verdict: Verdict) -> list[Waiver]:
        """Return the entry that covers a failure, or the causes that explain all of it; none if it is not known."""
        valid = [entry for entry in self.entries if not entry.expired(self.today)]
        for entry in valid:
            if entry.covers(verdict.line) and entry.matches(verdict):
                return [entry]
        causes = [entry for entry in valid if entry.explained_signatures(verdict)]
        explained = frozenset[str]().union(*(entry.cause for entry in causes))
        return causes if cause_signatures(verdict) <= explained else []

    def waiver_problems(self, verdicts: Iterable[Verdict], *, whole: bool = True) -> list[Text]:
        """Return problems of the entries, each with its line: expired, or no longer matching this target.

        `whole` says that the verdicts cover a whole run: only then does a cause without failures count as gone.
        """
        known = list(verdicts)
        open_ = not whole or any(verdict.kind in {"inconclusive", "suite-error"} for verdict in known)
        found = (
            self._complaint_of_cause(entry, known, all_known=not open_)
            if entry.cause
            else self._complaint(entry, known)
            for entry in self.entries
        )
        return [complaint for complaint in found if complaint is not None]

    def _complaint_of_cause(self, entry: Waiver, verdicts: list[Verdict], *, all_known: bool) -> Text | None:
        if entry.expired(self.today):
            return _expired(entry)
        if any(verdict.kind in {"failed", "waived"} and entry.explained_signatures(verdict) for verdict in verdicts):
            return None
        return _stale(entry) if all_known else None

    def _complaint(self, entry: Waiver, verdicts: list[Verdict]) -> Text | None:
        about = [verdict for verdict in verdicts if entry.covers(verdict.line)]
        failed = [verdict for verdict in about if verdict.kind in {"failed", "waived"}]
        if entry.expired(self.today):
            return _expired(entry)
        if any(entry.matches(verdict) for verdict in failed):
            return None
        if failed:
            now = "; ".join(
                dict.fromkeys(failure_signature(failure) for verdict in failed for failure in verdict.failures)
            )[:_LONGEST]
            return _complain(entry, f"the failure has changed: {now}", f"失败的情形已改变：{now}")
        if any(verdict.kind in {"passed", "warned", "observed"} for verdict in about):
            return _stale(entry)
        return None


def _expired(entry: Waiver) -> Text:
    return _complain(
        entry, f"expired on {entry.expires}; renew or remove it", f"已于 {entry.expires} 过期；请续期或删除此豁免"
    )


def _stale(entry: Waiver) -> Text:
    return _complain(
        entry,
        "matched no failure: the requirement passes now; remove the waiver",
        "没有匹配到任何失败，说明该要求现已通过；请删除此豁免",
    )


def _complain(entry: Waiver, en: str, zh: str) -> Text:
    return Text(
        f"waiver in line {entry.number} ({entry.subject}): {en}", f"第 {entry.number} 行的豁免（{entry.subject}）：{zh}"
    )


def entry_for(requirement: str, verdicts: Iterable[Verdict]) -> list[str]:
    """Return a ready-made entry for a failed requirement as lines of TOML; its author fills in the reason."""
    return [
        f"[[{_TABLE}]]",
        f"requirement = {json.dumps(requirement)}",
        _REASON,
        f"finding = {_toml(failure_signatures(verdicts))}",
    ]


def entry_for_cause(signatures: Iterable[str]) -> list[str]:
    """Return a ready-made entry for all failures with these signatures."""
    return [f"[[{_TABLE}]]", f"cause = {_toml(signatures)}", _REASON]


_REASON: Final = 'reason = ""  # say why; reports print it'


def _toml(strings: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(each, ensure_ascii=False) for each in strings)}]"


# Reading --------------------------------------------------------------------------------------------------------------


def read_waivers(path: Path) -> str:
    """Return the text of a waiver file after validating it.

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
    """Return the waivers in a text. Without `today`, nothing has expired.

    Raises:
        ConfigurationError: the text is not TOML, or an entry is wrong.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{name} is not valid TOML ({error}).", f"{name} 不是有效的 TOML（{error}）。"
        ) from None
    _known_keys(name, _Lines(1), data, (_TABLE,))
    tables = data.get(_TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(
            f"{name}: begin each entry with [[{_TABLE}]].", f"{name}：每一项应以 [[{_TABLE}]] 开头。"
        )
    entries = tuple(_entry(name, lines, table) for lines, table in zip(_lines_of_entries(text), tables, strict=False))
    return Waivers(entries, today or date.min)


class _Lines(dict[str, int]):
    """The number of the line of each key of an entry; for a key that it lacks, the line at which the entry begins."""

    def __init__(self, begin: int) -> None:
        super().__init__()
        self.begin = begin

    def __missing__(self, key: str) -> int:
        return self.begin


def _lines_of_entries(text: str) -> list[_Lines]:
    found: list[_Lines] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.partition("#")[0].replace(" ", "").strip() == f"[[{_TABLE}]]":
            found.append(_Lines(number))
        elif found:
            found[-1].setdefault(line.partition("=")[0].strip(), number)
    return found


def _entry(name: str, lines: _Lines, table: dict[str, Any]) -> Waiver:
    _known_keys(name, lines, table, _KEYS)
    scenario, requirement = _subject(name, lines, table)
    reason = table.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise _wrong(name, lines["reason"], "reason must say why the failure is waived.", "reason 必须说明豁免的理由。")
    link, expires, finding = table.get("link"), table.get("expires"), table.get("finding", [])
    if link is not None and not (isinstance(link, str) and re.fullmatch(r"https?://\S+", link)):
        raise _wrong(name, lines["link"], "link must be an http(s) address.", "link 必须是 http(s) 地址。")
    if expires is not None and type(expires) is not date:
        raise _wrong(
            name,
            lines["expires"],
            "expires must be a date such as 2027-01-31.",
            "expires 必须是日期，例如 2027-01-31。",
        )
    finding = _looks(name, lines["finding"], "finding", finding)
    cause = _looks(name, lines["cause"], "cause", table.get("cause", []))
    if "cause" in table and (not cause or finding):
        raise _wrong(
            name,
            lines["cause"],
            "cause must contain at least one failure signature, and cannot be combined with finding.",
            "cause 至少应包含一个失败特征，且不能与 finding 同用。",
        )
    return Waiver(
        number=lines.begin,
        requirement=requirement,
        scenario=scenario,
        reason=" ".join(reason.split())[:_LONGEST],
        link=link,
        expires=expires,
        finding=finding,
        cause=frozenset(cause),
    )


def _looks(name: str, number: int, key: str, value: Any) -> tuple[str, ...]:
    """Return failure signatures from a file, in which run-specific values and an earlier version's words may appear."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise _wrong(name, number, f"{key} must be a list of strings.", f"{key} 必须是字符串列表。")
    return tuple(lasting(_in_todays_words(each)) for each in values)


def _in_todays_words(signature: str) -> str:
    """Return a signature of an earlier version as this version writes it, so that its waiver still matches."""
    return _FORMERLY_MISSING.sub(_missing_field, signature)


def _missing_field(former: re.Match[str]) -> str:
    pointer = former["pointer"]
    expected, actual = (words.format(pointer=pointer).en for words in (REQUIRED_FIELD, MISSING_FIELD))
    return f"{pointer}: {expected} | {actual}"


def _subject(name: str, lines: _Lines, table: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the scenario and the requirement that an entry covers; neither for a cause."""
    requirement, check = table.get("requirement"), table.get("check")
    given = [key for key in ("requirement", "check", "cause") if key in table]
    if len(given) != 1 or not ("cause" in table or isinstance(requirement or check, str)):
        raise _wrong(
            name,
            lines.begin,
            'give one of requirement = "ID", check = "SCENARIO::ID" or cause = ["SIGNATURE"].',
            '请给出 requirement = "ID"、check = "场景::ID" 或 cause = ["特征"] 之一。',
        )
    if "cause" in table:
        return None, None
    scenario = None
    number = lines["requirement" if check is None else "check"]
    if check is not None:
        scenario, _, requirement = check.partition(_SEPARATOR)
        _known(name, number, "scenario", "场景", scenario, every_scenario())
    assert requirement is not None
    _known(name, number, "requirement", "要求", requirement, load_catalogue().requirements)
    if scenario is not None and requirement not in every_scenario()[scenario].requirements:
        raise _wrong(name, number, f"{scenario} does not judge {requirement}.", f"{scenario} 不判定 {requirement}。")
    level = load_catalogue().requirements[requirement].level
    if level != "MUST":
        raise _wrong(
            name,
            number,
            f"{requirement} is {level}, which never fails a run. Remove this waiver.",
            f"{requirement} 为 {level}，不会使运行失败。请删除此豁免。",
        )
    return scenario, requirement


def _known_keys(name: str, lines: _Lines, table: dict[str, Any], keys: Collection[str]) -> None:
    for key in table:
        _known(name, lines[key], "key", "键", key, keys)


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
