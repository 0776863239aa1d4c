"""Records made by hand: one with every verdict, and the strings that a hostile target would send."""

from __future__ import annotations

from dataclasses import replace

from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import BlamedRequest, Failure, PlannedCheck, Verdict, VerdictKind
from conformance.text import Text

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "]]>",
    "<script>alert(1)</script>",
    "::error::forged",
    "  ::add-mask::forged",
    "##teamcity[testFailed name='forged']",
    "forged ##[add-mask]x and ##vso[task.setvariable variable=x]y",
    "a\n::error::second line\r\n##[group]third\r::stop-commands::x",
    "NUL \x00 and \x0b and \x85 and \x9b31m",
    "lone \ud800 surrogate and \udfff and \ufffe",
    "bidi \u202e\u2066 zero \u200b width \u200f separators \u2028\u2029 \ufeff",
    "&amp; \" ' <!-- --> <?xml?> <![CDATA[",
    "{braces} %s %(x)s \\",
    "",
)

CIRCUMSTANCES = RunMetadata(
    run_id="20260101T000000-abcdef",
    seed=7,
    suite_version="0.1.0",
    catalogue_version="1.0",
    started_at="2026-01-01T00:00:00Z",
    duration=3.25,
    base_url="http://127.0.0.1:4010",
    api_prefix="/api/v1/cloud",
    worker_header="Worker-ID",
    embedded=False,
    insecure=False,
    processes=1,
    strict=False,
    requests=12,
)


def both(text: str) -> Text:
    return Text(text, text)


def failure(
    step: str = "retry.1",
    *,
    actual: str = "HTTP 500",
    answer: str = "HTTP 500\n\n{}",
    pointer: str = "",
    exhibit: str = "",
    request: str = "POST http://127.0.0.1:4010/ack\nAuthorization: Bearer ${QODER_PAT}",
) -> Failure:
    return Failure(
        step=step,
        pointer=pointer,
        diagram=both(exhibit) if exhibit else None,
        expected=Text("HTTP 200 with state `active`, or HTTP 409", "HTTP 200，state 为 `active`，或 HTTP 409"),
        actual=both(actual),
        operations="create_session 201 → poll 200 → ack 200",
        source="",
        request=request,
        response=answer,
        curl="curl -sS -i -X POST http://127.0.0.1:4010/ack -H 'Authorization: Bearer '\"${QODER_PAT}\"",
    )


def verdict(
    scenario: str,
    requirement: str,
    kind: VerdictKind = "passed",
    *,
    reason: Text | None = None,
    blocked_by: str | None = None,
    failures: tuple[Failure, ...] = (),
    observation: Text | None = None,
) -> Verdict:
    return Verdict(
        line=PlannedCheck(scenario, requirement),
        kind=kind,
        reason=reason,
        blocked_by=blocked_by,
        failures=failures,
        observation=observation,
    )


def record_of(*verdicts: Verdict, lost: tuple[PlannedCheck, ...] = (), **circumstances: object) -> RunResult:
    about = replace(CIRCUMSTANCES, **circumstances)  # type: ignore[arg-type]
    plan = (*(verdict.line for verdict in verdicts), *lost)
    return RunResult(metadata=about, plan=plan, verdicts=verdicts)


OBSERVATION = Text('200, state "starting"', '200，state 为 "starting"')
LOST_LINE = PlannedCheck("first-ack.named-worker", "ack.first.later-times-null")


def mixed() -> RunResult:
    """Every kind of verdict, a blocked line, a lost line, leftovers, an insecure and interrupted run."""
    return record_of(
        verdict("first-ack.named-worker", "ack.first.starting"),
        verdict(
            "retry.active",
            "ack.retry.active",
            "failed",
            failures=(failure("retry.1", pointer="/state"), failure("retry.2")),
        ),
        verdict("first-ack.named-worker", "ack.retry.active", "failed", failures=(failure("retry.3"),)),
        verdict(
            "retry.active",
            "ack.retry.active-keeps-times",
            "inconclusive",
            reason=Text("the ack `retry.1` returned HTTP 500", "步骤 `retry.1` 的 ack 返回了 HTTP 500"),
            blocked_by="ack.retry.active",
        ),
        verdict("retry.starting", "ack.retry.acknowledged-at-unchanged", "warned", failures=(failure("retry.1"),)),
        verdict("retry.starting", "ack.retry.starting", "inconclusive", reason=Text("the answer was lost", "响应丢失")),
        verdict(
            "identity.no-id", "ack.identity.optional", "inconclusive", reason=Text("the answer was lost", "响应丢失")
        ),
        verdict("identity.redelivered", "ack.identity.redelivered", "suite-error", reason=Text("it broke", "出错")),
        verdict("observe.undelivered", "ack.observe.undelivered", "observed", observation=OBSERVATION),
        verdict(
            "auth.expired",
            "ack.auth.expired",
            "not-exercised",
            reason=Text("no token was given in QODER_EXPIRED_PAT", "未提供 QODER_EXPIRED_PAT"),
        ),
        verdict("auth.missing", "ack.auth.missing"),
        lost=(LOST_LINE,),
        insecure=True,
        interrupted=Text("stopped by a signal", "被信号中断"),
        leftovers=("environments: env_1: HTTP 500",),
        noticed=(
            Text("stop returned HTTP 204 and showed no state (3 times)", "stop 返回 HTTP 204，没有显示状态（3 次）"),
        ),
        states=(("pending", "queued"),),
        selection="chapter retries",
    )


def hostile(text: str) -> RunResult:
    """The same text of a target in every place that can hold one, for every verdict that a report explains."""
    bad = Failure(
        step=text,
        pointer=text,
        expected=both(text),
        actual=both(text),
        operations="create_session 201 → poll 200 → ack 200",
        source=text,
        request=text,
        response=text,
        curl=text,
        diagram=both(text or "-"),
        blamed=(BlamedRequest(step=text, request=text, response=text, curl=text),),
        output=(text, text),
    )
    return record_of(
        verdict("retry.active", "ack.retry.active", "failed", failures=(bad, bad)),
        verdict("auth.missing", "ack.auth.missing", "failed", failures=(bad,)),
        verdict("retry.starting", "ack.retry.acknowledged-at-unchanged", "warned", failures=(bad,)),
        verdict("retry.starting", "ack.retry.starting", "inconclusive", reason=both(text)),
        verdict("identity.no-id", "ack.identity.optional", "inconclusive", reason=both(text), blocked_by=text),
        verdict("identity.redelivered", "ack.identity.redelivered", "suite-error", reason=both(text)),
        verdict("observe.undelivered", "ack.observe.undelivered", "observed", observation=both(text)),
        verdict("auth.expired", "ack.auth.expired", "not-exercised", reason=both(text)),
        lost=(LOST_LINE,),
        leftovers=(text,),
        noticed=(both(text),),
        interrupted=both(text),
        base_url=f"http://{text}",
        api_prefix=text,
        worker_header=text,
        selection=text,
        run_id=f"run{text}",
    )
