"""Derives findings about token, permissions, prefix, rate limit and clock from responses. Pure functions."""

from __future__ import annotations

import email.utils
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from conformance.arrange.refusals import outcome
from conformance.client.connection_errors import Reason
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.doctor.check_result import CheckResult, bad, good, unknown
from conformance.doctor.network import escaped_reason
from conformance.doctor.probes import COLLECTIONS, ProbeResponses, entries_of, status_of
from conformance.exchange import Exchange, Response
from conformance.reporting.escaping import escape_line
from conformance.target import DEFAULT_API_PREFIX, Target
from conformance.text import Text, join

_SKEW: Final = 60.0
"""Most seconds by which two clocks may differ before report times and token lifetimes become wrong."""

_LIMIT_HEADERS: Final = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after")
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_SHOWN: Final = 80


def findings(answers: ProbeResponses, target: Target) -> Iterator[CheckResult]:
    """Yield a result for everything that the responses show."""
    yield _http(answers.listing, answers.trouble)
    response = answers.listing.response
    if response is None:
        return
    yield _prefix(answers, target)
    yield _token(answers)
    if answers.tokens:
        yield _optional_tokens(answers.tokens)
    if answers.lists or response.status == HTTPStatus.FORBIDDEN:
        yield _rights(answers)
    if (entries := entries_of(answers.listing)) is not None:
        yield _kinds(entries)
    yield _rate_limit(response)
    yield _clock(answers, response)


def _http(listing: Exchange, trouble: Reason | None) -> CheckResult:
    response = listing.response
    if trouble is not None:
        return bad(
            "http", Text("no response ({why})", "没有响应（{why}）").format(why=escaped_reason(trouble)), trouble.hint
        )
    assert response is not None, "else there is a reason"
    milliseconds = f"{(listing.completed - listing.invoked) * 1000:.0f}"
    words = Text("HTTP {status} in {n} ms", "HTTP {status}，用时 {n} 毫秒").format(
        status=response.status, n=milliseconds
    )
    if 300 <= response.status < 400:
        where = escape_line(response.header("location") or "?", _SHOWN)
        return bad(
            "http",
            Text("{words}: a redirect to {where}", "{words}：重定向到 {where}").format(words=words, where=where),
            Text(
                "the suite does not follow redirects; give the final address as --base-url",
                "本套件不跟随重定向；请以最终地址作为 --base-url",
            ),
        )
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in _BUSY:
        fix = Text("the server or its gateway has an error; see its log", "服务器或网关出错；请查看其日志")
        # A run stops if a gateway responds in place of the server; if only the list is broken, it continues.
        return (bad if listing.outcome != "ok" else unknown)("http", words, fix)
    return good("http", words)


def _prefix(answers: ProbeResponses, target: Target) -> CheckResult:
    """Return whether the responses below the prefix look like the API."""
    prefix = escape_line(target.api_prefix or "/")
    status = status_of(answers.listing)
    if entries_of(answers.listing) is not None and status == HTTPStatus.OK:
        return good(
            "prefix",
            Text("the environments are listed below {prefix}", "可以在 {prefix} 之下列出环境").format(prefix=prefix),
        )
    coding = _coding(answers.listing)
    if coding is not None:
        return bad(
            "prefix",
            Text(
                "the response has a content coding that cannot be decoded ({coding})",
                "响应使用了无法解码的内容编码（{coding}）",
            ).format(coding=coding),
            Text(
                "make the server or its gateway honour Accept-Encoding: gzip or no compression",
                "请让服务器或其网关遵守 Accept-Encoding：使用 gzip 或不压缩",
            ),
        )
    if answers.elsewhere is not None:
        return bad(
            "prefix",
            Text("the list is not below {prefix}", "{prefix} 之下没有该列表").format(prefix=prefix),
            Text("did you mean --api-prefix {found}?", "是否应为 --api-prefix {found}？").format(
                found=answers.elsewhere or '""'
            ),
        )
    if status == HTTPStatus.OK and _is_json(answers.listing):
        return unknown(
            "prefix",
            Text("the list below {prefix} has no `data`", "{prefix} 之下的列表没有 `data`").format(prefix=prefix),
            Text(
                "a run works without it, but `clean` does not",
                "没有该列表也可以运行，但无法使用 `clean`",
            ),
        )
    if status == HTTPStatus.OK:
        return bad(
            "prefix",
            Text(
                "the response below {prefix} is not the API's: no JSON list",
                "{prefix} 之下的响应不是来自该 API：没有 JSON 列表",
            ).format(prefix=prefix),
            _PREFIX_FIX,
        )
    if status == HTTPStatus.NOT_FOUND:
        words = Text("no environments are listed below {prefix} (HTTP 404)", "{prefix} 之下无法列出环境（HTTP 404）")
        return unknown("prefix", words.format(prefix=prefix), _GIVEN_FIX)
    return unknown("prefix", Text("cannot be determined from this response", "无法根据此响应判断"))


def _coding(exchange: Exchange) -> str | None:
    """Return the content coding of a response that could not be decoded."""
    response = exchange.response
    if response is None or response.body.problem != "bad-content-encoding":
        return None
    return escape_line(response.header("content-encoding") or "?", _SHOWN)


_PREFIX_FIX: Final = Text(
    f"check --base-url and --api-prefix (default {DEFAULT_API_PREFIX}): together they must lead to /environments",
    f"请检查 --base-url 和 --api-prefix（默认 {DEFAULT_API_PREFIX}）：二者合在一起应指向 /environments",
)
_GIVEN_FIX: Final = Text(
    "check --api-prefix; for a target without this list, use prepared items (--arrange manifest or command)",
    "请检查 --api-prefix；如果目标没有该列表，请使用预先准备的 item（--arrange manifest 或 command）",
)


def _is_json(exchange: Exchange) -> bool:
    try:
        parse(exchange.response.body.text if exchange.response is not None else "")
    except NotStrictJson:
        return False
    return True


def _token(answers: ProbeResponses) -> CheckResult:
    status = status_of(answers.listing)
    if status == HTTPStatus.UNAUTHORIZED:
        return bad(
            "token",
            Text("refused ({outcome})", "被拒绝（{outcome}）").format(outcome=escape_line(outcome(answers.listing))),
            Text(
                "set QODER_PAT, or the variable that --pat-env names, to a valid token of this target; tokens of another edition do not work",
                "请将 QODER_PAT 或 --pat-env 指定的变量设置为该目标的有效 token；其他版本的 token 无效",
            ),
        )
    if answers.anonymous is not None and status_of(answers.anonymous) == HTTPStatus.OK:
        return unknown(
            "token",
            Text("the list needs no token", "不带 token 也能列出"),
            Text("only a run shows whether the token is valid", "须运行测试才能得知 token 是否有效"),
        )
    if answers.lists or status == HTTPStatus.FORBIDDEN:
        return good("token", Text("accepted", "已被接受"))
    return unknown("token", Text("cannot be determined from this response", "无法根据此响应判断"))


def _optional_tokens(answers: Mapping[str, Exchange]) -> CheckResult:
    """Return whether the expired token is rejected and the others are accepted."""
    wrong = []
    for kind, exchange in answers.items():
        refused = status_of(exchange) == HTTPStatus.UNAUTHORIZED
        if exchange.response is not None and refused != (kind == "expired"):
            wrong.append(f"QODER_{kind.upper()}_PAT")
    if not wrong:
        return good("optional-tokens", Text("as expected: {n}", "{n} 个，均符合预期").format(n=len(answers)))
    return bad(
        "optional-tokens",
        Text("not as expected: {names}", "不符合预期：{names}").format(names=", ".join(wrong)),
        Text(
            "QODER_EXPIRED_PAT must be rejected with 401 and the other two accepted; unset those you do not have",
            "QODER_EXPIRED_PAT 应被 401 拒绝，另外两个应被接受；没有的 token 请勿设置",
        ),
    )


def _rights(answers: ProbeResponses) -> CheckResult:
    """Return what the token may list; GET requests cannot show whether it may create."""
    lists = {"environments": answers.listing, **answers.lists}
    if answers.models is not None:
        lists["models"] = answers.models
    refused = [name for name in lists if status_of(lists[name]) in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}]
    allowed = [name for name in lists if status_of(lists[name]) == HTTPStatus.OK]
    if refused:
        said = next(words for name in lists if name in refused for words in [outcome(lists[name])])
        text = Text("the token may not list {names} ({said})", "token 无权列出 {names}（{said}）")
        # A run needs only the list of environments; `clean` needs the others.
        return (bad if "environments" in refused else unknown)(
            "rights",
            text.format(names=", ".join(refused), said=escape_line(said)),
            Text(
                "use a token that may list and create environments, agents and sessions",
                "请使用有权列出并创建环境、agent 和会话的 token",
            ),
        )
    words = Text("may list {names}", "可列出 {names}").format(names=", ".join(allowed))
    if set(COLLECTIONS) <= set(allowed):
        return good("rights", words)
    missing = ", ".join(name for name in lists if name not in allowed)
    return unknown(
        "rights",
        Text("{words}; no response: {missing}", "{words}；没有响应：{missing}").format(words=words, missing=missing),
        Text(
            "for a target without these, use prepared items (--arrange)",
            "如果目标没有这些列表，请使用预先准备的 item（--arrange）",
        ),
    )


def _kinds(entries: list[object]) -> CheckResult:
    """Return the kinds of existing environments; a run creates its own."""
    kinds: Counter[str] = Counter()
    for entry in entries:
        config = entry.get("config") if isinstance(entry, dict) else None
        kind = config.get("type") if isinstance(config, dict) else None
        kinds[escape_line(kind, 40) if isinstance(kind, str) else "?"] += 1
    if not kinds:
        return unknown("kinds", Text("none yet; a run creates its own", "尚无；运行时会自行创建"))
    counted = Text("{n} of kind {kind}", "{kind} {n} 个")
    words = join(Text(", ", "，"), [counted.format(n=n, kind=kind) for kind, n in kinds.most_common(5)])
    return good("kinds", Text("{words}; a run creates its own", "{words}；运行时会自行创建").format(words=words))


def _rate_limit(response: Response) -> CheckResult:
    headers = {name: value for name in _LIMIT_HEADERS if (value := response.header(name)) is not None}
    words = ", ".join(f"{name}: {escape_line(value, _SHOWN)}" for name, value in headers.items())
    if response.status in _BUSY:
        return unknown(
            "rate-limit",
            Text("rejected with HTTP {status} ({words})", "被拒绝：HTTP {status}（{words}）").format(
                status=response.status, words=words or "-"
            ),
            Text("wait and try again; for a run, lower --max-rate", "请稍后重试；运行时请降低 --max-rate"),
        )
    if headers:
        return good("rate-limit", Text("{words}", "{words}").format(words=words))
    return unknown(
        "rate-limit",
        Text("no header states a limit; --max-rate defaults to 20/50", "没有响应头说明限制；--max-rate 默认为 20/50"),
    )


def _clock(answers: ProbeResponses, response: Response) -> CheckResult:
    """Compare the Date header, plus half a second since it has whole ones, with the middle of the request."""
    try:
        shown = email.utils.parsedate_to_datetime(response.header("date") or "")
        shown = shown if shown.tzinfo else shown.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return unknown("clock", Text("the target sends no time (Date header)", "目标没有给出时间（Date 响应头）"))
    here = answers.answered_at
    seconds = _between(here, shown) + 0.5 + (answers.listing.completed - answers.listing.invoked) / 2
    if abs(seconds) <= _SKEW:
        return good("clock", Text("agrees within {n} s", "相差不超过 {n} 秒").format(n=f"{max(1.0, abs(seconds)):.0f}"))
    return unknown(
        "clock",
        Text("the target's clock is {n} s {way}", "目标的时钟{way} {n} 秒").format(
            n=f"{abs(seconds):.0f}", way=Text("ahead", "快") if seconds > 0 else Text("behind", "慢")
        ),
        Text(
            "correct the wrong clock (NTP): token expiry and all times depend on it",
            "请校正有误的时钟（NTP）：token 的有效期和所有时间都依赖它",
        ),
    )


def _between(here: datetime, there: datetime) -> float:
    return (there - here).total_seconds()
