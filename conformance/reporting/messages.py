"""Messages that several formats share: a failure in full, a verdict in one line.

Everything returned is safe to print: single lines, no control characters, and none begins with text from the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.arrange.modes import ArrangeMode
from conformance.chapters.registry import every_scenario
from conformance.contract.ambiguities import Ambiguity, ambiguities_of
from conformance.contract.catalogue import BASIS_WORDS, Requirement, load_catalogue
from conformance.contract.common_mistakes import consequence_of
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import WORDS, Failure, Repetitions, Verdict, VerdictKind
from conformance.judging.violation_text import short_violation
from conformance.reporting.escaping import escape_line, quote_lines
from conformance.reporting.flakiness import verdict_counts_text
from conformance.reporting.found_and_expected import actual_text, expected_text
from conformance.reporting.remedies import Remedy, remedy_of_verdict
from conformance.reporting.request_line import NOTHING_RECORDED, blamed_groups
from conformance.text import LANGS, Lang, Text, join

LOST: Final = Text("the run ended without a verdict on this check", "运行结束时此项检查没有结论")

_ONE_LINE: Final = 300
_REPEAT: Final[dict[bool, Text]] = {
    True: Text(
        "Reproduce (set the variables to your own ids; those of the run were deleted)",
        "复现（请将变量设为自己的 id；运行所用的 id 已删除）",
    ),
    False: Text("Reproduce (use another item in the same state)", "复现（请换用处于相同状态的另一个 item）"),
}
"""The label of a command; the key says whether the suite has deleted the objects that the command names."""
_STEP: Final = Text("step `{step}`", "步骤 `{step}`")
_LANGUAGES: Final[dict[Lang, Text]] = {
    "en": Text("Docs (English)", "文档（英文）"),
    "zh": Text("Docs (Chinese)", "文档（中文）"),
}


OPEN: Final = Text("Docs unclear", "文档的歧义")
"""The label of an entry of the ambiguity register."""

HISTORY: Final = Text("History", "操作历史")
HISTORY_MARKS: Final = Text(
    "* marks the responses that contradict each other, - requests that are not part of the contradiction",
    "* 标出相互矛盾的响应，- 标出不属于矛盾本身的请求",
)
"""The legend of a race's history."""

LIKELY_CAUSE: Final = Text("Likely cause", "可能的原因")
CONSEQUENCE: Final = Text("Effect on workers", "对 worker 的影响")

JUDGED_AGAIN: Final = Text(
    "judged again from saved transcripts: this version's checks were applied to the saved requests and responses;"
    " no server was contacted",
    "依据保存的传输记录重新判定：以当前版本的检查判定已保存的请求与响应，未访问任何服务器",
)
"""What a replay is, without a full stop."""


PARTLY: Final = Text("Judged in part: failures block the other checks", "只判定了一部分：其余检查因失败而跳过")
"""The heading over requirements of which only some checks were judged."""


_UNSEEN: Final = (
    Text(
        "whether poll still delivers an item after a refused ack, and to which worker",
        "ack 被拒绝之后，poll 是否仍会投递该 item，以及投递给哪个 worker",
    ),
    Text(
        "whether poll delivers an item again once it is `starting` or `active`",
        "item 进入 `starting` 或 `active` 之后，poll 是否会再次投递",
    ),
    Text(
        "whether an ack, or its refusal, changes another item of the same environment",
        "ack 或对它的拒绝是否会改变同一环境中的其他 item",
    ),
    Text(
        "which worker the target has stored: only the program that prepared the item knows it",
        "目标存储的是哪个 worker：只有准备该 item 的程序知道",
    ),
)


def unobserved_effects(arranged_by: ArrangeMode) -> tuple[Text, ...]:
    """Return the effects that a run on prepared items cannot see, since it neither polls nor creates anything."""
    return () if arranged_by == "api" else _UNSEEN


def unjudged_deviations(about: RunMetadata) -> tuple[Text, ...]:
    """Return what operations that the run did not judge did against the docs; profile `work` judges all of them."""
    return () if about.profile == "work" else about.noticed


UNOBSERVED_HEADING: Final = Text(
    "Not checked, because the items were prepared in advance", "由于 item 是预先准备的，以下各点未检查"
)


def throttled_requests_text(requests: int) -> Text:
    """Return how many requests the target's rate limit rejected, without a full stop."""
    return Text(
        "requests rejected with 429 or 503: {n}; if that is too many, lower --max-rate",
        "被 429 或 503 拒绝的请求：{n} 次；如次数过多，请降低 --max-rate",
    ).format(n=requests)


def lease_text(about: RunMetadata) -> Text | None:
    """Return how long the leases of a run on a worker were, without a full stop; None for a server."""
    if about.lease_seconds is None:
        return None
    if about.lease_seconds >= SHORTEST_DOCUMENTED_LEASE:
        words = Text("leases: {n} s, as documented", "租约：{n} 秒，与文档一致")
    else:
        words = Text(
            "leases: {n} s, shorter than the API's shortest of {m} s; --real-leases uses that",
            "租约：{n} 秒，短于 API 的最短时长 {m} 秒；--real-leases 使用后者",
        )
    return words.format(n=f"{about.lease_seconds:g}", m=SHORTEST_DOCUMENTED_LEASE)


SHORTEST_DOCUMENTED_LEASE: Final = 10
"""In seconds (Heartbeat § Query parameters)."""


def scenario_title(scenario: str) -> Text:
    """Return a scenario's title, or its id if this version does not have the scenario."""
    known = every_scenario().get(scenario)
    return known.title if known else Text(scenario, scenario)


def level_and_basis(requirement: Requirement) -> Text:
    """Return a requirement's level and what it is based on."""
    return Text("{level}, {basis}", "{level}，{basis}").format(
        level=requirement.level, basis=BASIS_WORDS[requirement.basis]
    )


def explain(
    verdict: Verdict,
    lang: Lang,
    *,
    failures: int | None = None,
    limit: int | None = None,
    removed: bool = False,
    remedy: Remedy | None = None,
) -> list[str]:
    """Return a verdict in full as lines in `lang`; only the citations are in both languages.

    `failures` is how many violations are shown in full; the places of the rest are listed. `limit` is the length in
    characters of each text from the target. None means no bound. `removed`: the run has deleted its objects.
    `remedy` is that of the root cause, if it is known.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    requirement = load_catalogue().requirements[verdict.line.requirement]
    title = escape_line(scenario_title(verdict.line.scenario).in_(lang))
    lines = [
        _labelled(lang, Text("Scenario", "场景"), f"{title} [{escape_line(verdict.line.scenario)}]"),
        _labelled(lang, Text("Requirement", "契约要求"), requirement.text.in_(lang)),
        _labelled(
            lang, Text("Level", "级别"), f"{level_and_basis(requirement).in_(lang)} [{verdict.line.requirement}]"
        ),
    ]
    if requirement.inference is not None:
        lines.append(_labelled(lang, Text("Because", "依据说明"), requirement.inference.in_(lang)))
    if verdict.failures:
        lines += [_labelled(lang, OPEN, ambiguity_text(entry).in_(lang)) for entry in ambiguities_of(requirement.id)]
        lines += _about_the_server(verdict, lang, remedy or remedy_of_verdict(verdict))
    if verdict.waiver is not None:
        lines.append(_labelled(lang, Text("Waived", "豁免理由"), waiver_reason(verdict).in_(lang)))
    if verdict.reason is not None:
        lines.append(_labelled(lang, Text("Reason", "原因"), escape_line(verdict.reason.in_(lang), limit)))
    if verdict.blocked_by is not None:
        lines.append(_labelled(lang, Text("Blocked by", "因以下要求而跳过"), escape_line(verdict.blocked_by, limit)))
    repetitions = verdict.repetitions
    if repetitions is not None and (repetitions.flaky or repetitions.race):
        lines.append(_labelled(lang, Text("Repetitions", "重复"), repetition_text(verdict.kind, repetitions).in_(lang)))
    lines += _failures(verdict, lang, len(verdict.failures) if failures is None else failures, limit, _REPEAT[removed])
    return [*lines, *citations(requirement.id, lang)]


def citations(requirement: str, lang: Lang) -> list[str]:
    """Return the places in the docs of both languages, each with its line in the paraphrased spec."""
    sources = load_catalogue().requirements[requirement].sources
    return [_labelled(lang, _LANGUAGES[other], source.cite(other)) for other in LANGS for source in sources]


def _about_the_server(verdict: Verdict, lang: Lang, found: Remedy) -> Iterator[str]:
    """Yield the effect of a failure on workers, and its likely cause if the response shows it."""
    name = verdict.line.requirement
    consequence = consequence_of(name)
    if consequence is not None:
        yield _labelled(lang, CONSEQUENCE, consequence.in_(lang))
    if found.cause is not None:
        words = Text("{what} {fix}", "{what}{fix}").format(what=found.cause, fix=found.fix)
        yield _labelled(lang, LIKELY_CAUSE, words.in_(lang))


def ambiguity_text(entry: Ambiguity) -> Text:
    """Return an entry of the ambiguity register in one line: its id, what the pages say, and the suite's reading."""
    words = Text(
        "`{id}`: {question} {positions} The suite reads: {reading}",
        "{question}{positions}本套件的解读：{reading}（`{id}`）",
    )
    return words.format(id=entry.id, question=entry.question, positions=entry.positions, reading=entry.reading)


def waiver_reason(verdict: Verdict) -> Text:
    """Return the reason of a waived failure, with its link."""
    reason = _shortened(verdict.waiver) if verdict.waiver else WORDS["waived"]
    link = f" <{escape_line(verdict.link)}>" if verdict.link else ""
    return Text(reason.en + link, reason.zh + link)


def headline(verdict: Verdict) -> Text:
    """Return a verdict in one line: its first violation, or else its reason."""
    if verdict.failures and verdict.reason is None:
        words = short_violation(verdict.failures[0])
        return Text(escape_line(words.en), escape_line(words.zh))
    return summary(verdict)


def summary(verdict: Verdict) -> Text:
    """Return a verdict in one line of a few hundred characters."""
    if verdict.failures and verdict.reason is None:
        failure = verdict.failures[0]
        words = Text(
            "step `{step}`: expected {expected}; got: {actual}", "步骤 `{step}`，预期：{expected}；实际：{actual}"
        )
        if failure.diagram is not None:
            words = Text("step `{step}`: {actual}; expected {expected}", "步骤 `{step}`：{actual}；预期：{expected}")
        elif not failure.step:
            words = Text("expected {expected}; got: {actual}", "预期：{expected}；实际：{actual}")
        return words.format(
            step=_short(failure.step),
            expected=_shortened(expected_text(failure)),
            actual=_shortened(actual_text(failure)),
        )
    words = _shortened(verdict.reason) if verdict.reason else WORDS[verdict.kind]
    if verdict.blocked_by is None:
        return words
    return Text("blocked by {cause}: {words}", "因 {cause} 而跳过：{words}").format(
        cause=_short(verdict.blocked_by), words=words
    )


def repetition_text(kind: VerdictKind, repetitions: Repetitions) -> Text:
    """Return the count of each verdict, and whether the kept transcript is another repetition's."""
    words = Text("{tally}; the saved transcript is from another repetition", "{tally}；保存的传输记录来自另一次重复")
    tally = verdict_counts_text(kind, repetitions)
    return words.format(tally=tally) if repetitions.elsewhere else tally


def _failures(verdict: Verdict, lang: Lang, shown: int, limit: int | None, repeat: Text) -> Iterator[str]:
    total = len(verdict.failures)
    for number, failure in enumerate(verdict.failures[:shown], 1):
        if min(shown, total) > 1:
            heading = Text("Violation {n} of {total}:", "第 {n} 处违反（共 {total} 处）：")
            yield heading.format(n=number, total=total).in_(lang)
        yield from _failure(failure, lang, limit, repeat)
    rest = verdict.failures[shown:]
    if rest:
        places = dict.fromkeys(f"{_short(failure.step)} {_short(failure.pointer)}".strip() for failure in rest)
        yield _labelled(lang, Text("Also violated at", "其他违反之处"), ", ".join(places))


def _failure(failure: Failure, lang: Lang, limit: int | None, repeat: Text) -> Iterator[str]:
    if failure.operations:
        way = Text("{way} ({step})", "{way}（{step}）").format(
            way=escape_line(failure.operations), step=_STEP.format(step=escape_line(failure.step))
        )
        yield _labelled(lang, Text("Steps", "步骤"), way.in_(lang))
    yield _labelled(lang, Text("Expected", "预期"), escape_line(expected_text(failure).in_(lang), limit))
    label = VIOLATION if failure.diagram else Text("Got", "实际")
    yield _labelled(lang, label, escape_line(actual_text(failure).in_(lang), limit))
    if failure.diagram:
        yield _labelled(lang, HISTORY, HISTORY_MARKS.in_(lang))
        yield from quote_lines(failure.diagram.in_(lang), lang)
    if failure.process is not None:
        yield _labelled(lang, PROCESS, failure.process.in_(lang))
    if failure.output:
        yield _labelled(lang, LAST_OUTPUT, "")
        yield from quote_lines("\n".join(failure.output), lang, limit)
    yield from exchange_lines(failure, lang, limit, repeat=repeat)


def exchange_lines(
    failure: Failure, lang: Lang, limit: int | None, *, removed: bool = False, repeat: Text | None = None
) -> Iterator[str]:
    """Yield the schema's origin, then requests, responses and commands: those at fault first, then what shows it."""
    if failure.source:
        yield _labelled(lang, Text("Schema from", "schema 出处"), escape_line(failure.source, limit))
    for group in blamed_groups(failure):
        steps = join(Text(", ", "、"), (_STEP.format(step=escape_line(each.step)) for each in group))
        yield _labelled(lang, AT_FAULT.format(steps=steps), "")
        yield from quote_lines(group[0].request, lang, limit)
        for each in group:
            yield _labelled(lang, ITS_RESPONSE.format(step=_STEP.format(step=escape_line(each.step))), "")
            yield from quote_lines(each.response or NOTHING_RECORDED.in_(lang), lang, limit)
    if not failure.request and not failure.response:
        return
    shows = SHOWING.format(step=_STEP.format(step=escape_line(failure.step)))
    yield _labelled(lang, shows if failure.blamed else Text("Request", "请求"), "")
    yield from quote_lines(failure.request or NOTHING_RECORDED.in_(lang), lang, limit)
    yield _labelled(lang, Text("Response", "响应"), "")
    yield from quote_lines(failure.response or NOTHING_RECORDED.in_(lang), lang, limit)
    # Never shortened: half a command reproduces nothing.
    for command in commands(failure):
        yield _labelled(lang, repeat or _REPEAT[removed], escape_line(command))


def commands(failure: Failure) -> list[str]:
    """Return the commands that repeat the requests at fault and the one that shows it, equal ones once."""
    return [*dict.fromkeys(command for command in (*(each.curl for each in failure.blamed), failure.curl) if command)]


AT_FAULT: Final = Text("Request at fault ({steps})", "引发问题的请求（{steps}）")
ITS_RESPONSE: Final = Text("Response ({step})", "响应（{step}）")
SHOWING: Final = Text("Request that shows it ({step})", "显示问题的请求（{step}）")


PROCESS: Final = Text("Worker process", "worker 进程")
LAST_OUTPUT: Final = Text("Last output of the worker", "worker 最后的输出")


VIOLATION: Final = Text("Violation", "违反")
"""The label of a contradiction between several responses, which is no value that a response has."""


def _labelled(lang: Lang, label: Text, value: str) -> str:
    colon = Text(": ", "：").in_(lang)
    return f"{label.in_(lang)}{colon}{value}".rstrip()


def _short(text: str) -> str:
    return escape_line(text, _ONE_LINE)


def _shortened(text: Text) -> Text:
    return Text(_short(text.en), _short(text.zh))
