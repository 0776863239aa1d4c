"""Requests that an operation must refuse by rules that all operations share: credentials, permission, paths.

The scenarios are made from the table of operations. Ack has older scenarios of its own for the same rules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from conformance.arrange.item_spec import Item
from conformance.arrange.responses import NotSupported
from conformance.chapters.every_operation.bad_credential_cases import BAD_CREDENTIALS, Credential
from conformance.chapters.every_operation.generated_ids import (
    is_vast,
    malformed_ids,
    unknown_environment_id,
    unknown_environment_id_without_item,
    unknown_work_id,
)
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.every_operation.leaks import no_leak, no_work_named
from conformance.chapters.every_operation.plain_requests import item_spec_of, plain_control, send_plain
from conformance.client import bad_credentials
from conformance.contract.operations import OPERATIONS, ApiOperation
from conformance.scenario.client_identity import OptionalToken
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

Attempt = Callable[["ScenarioContext", str, ApiOperation, Item | None], Awaitable[None]]
"""Sends one request that must be refused, as the given step. The item is None where the path names none."""

_UNAUTHENTICATED: Final = (401, "authentication_error")
_FORBIDDEN: Final = (403, "permission_error")
_MISSING: Final = (404, "not_found_error")
_INVALID: Final = (400, "invalid_request_error")

_GROUPS: Final[Mapping[str, Text]] = {
    "missing": Text("no credentials", "不带凭证"),
    "invalid-token": Text("invalid tokens", "无效的 token"),
    "scheme": Text("the valid token in another place", "有效的 token 放在其他位置"),
}
_LETTER_CASE: Final = "letter-case"
"""The bad credential that a token without letters does not have; it has a scenario to itself."""


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios of every operation except ack."""
    for operation in OPERATIONS.values():
        if operation.name != "ack":
            yield from _authentication(operation)
            yield from _authorization(operation)
            yield from _paths(operation)


def _authentication(operation: ApiOperation) -> Iterator[Scenario]:
    for group, words in _GROUPS.items():
        members = [bad for bad in BAD_CREDENTIALS if bad.group == group]
        together = {bad.name: _with_credential(bad.credential) for bad in members if bad.name != _LETTER_CASE}
        yield _refused(operation, f"auth.{group}", words, together, _UNAUTHENTICATED)
        for bad in members:
            if bad.name == _LETTER_CASE:
                attempts = {bad.name: _with_credential(bad.credential)}
                rule = f"auth.{group}"
                yield _refused(operation, f"auth.{bad.name}", bad.words, attempts, _UNAUTHENTICATED, rule=rule)
    yield _refused(
        operation,
        "auth.expired",
        Text("an expired token", "已过期的 token"),
        {"expired": _with_token("expired")},
        _UNAUTHENTICATED,
        token="expired",  # noqa: S106 - the name of the credential, not the credential
    )


def _authorization(operation: ApiOperation) -> Iterator[Scenario]:
    if operation.acts:
        yield _refused(
            operation,
            "authz.forbidden",
            Text("a token without permission", "无权操作的 token"),
            {"forbidden": _with_token("forbidden")},
            _FORBIDDEN,
            token="forbidden",  # noqa: S106 - the name of the credential, not the credential
        )
    secret = no_leak if operation.names_item else no_work_named
    yield _refused(
        operation,
        "authz.foreign-token",
        Text("another tenant's token", "其他租户的 token"),
        {"foreign": _with_token("foreign")},
        _FORBIDDEN,
        _MISSING,
        token="foreign",  # noqa: S106 - the name of the credential, not the credential
    ).with_checks(Check(f"{operation.name}.authz.foreign-token", secret(f"{operation.name}.foreign")))


def _paths(operation: ApiOperation) -> Iterator[Scenario]:
    yield _refused(
        operation,
        "environment.not-self-hosted",
        Text("an environment that is not self-hosted", "非 self-hosted 的环境"),
        {"not-self-hosted": _not_self_hosted},
        _INVALID,
    )
    yield _refused(
        operation,
        "not-found.environment",
        Text("an environment that does not exist", "不存在的环境"),
        {"unknown-environment": _unknown_environment},
        _MISSING,
    )
    subjects: tuple[Literal["environment", "work"], ...] = ("environment",)
    if operation.names_item:
        subjects = ("environment", "work")
        yield _refused(
            operation,
            "not-found.work",
            Text("a work item that does not exist", "不存在的 work item"),
            {"unknown-work": _unknown_work},
            _MISSING,
        )
        yield _refused(
            operation,
            "not-found.other-environment",
            Text("an item of another self-hosted environment", "另一个 self-hosted 环境中的 item"),
            {"other-environment": _other_environment},
            _MISSING,
            names_second_environment=True,
        )
    yield _refused(
        operation,
        "not-found.malformed",
        Text("malformed ids", "格式错误的 id"),
        {f"{subject}.{shape}": _malformed(subject, shape) for subject in subjects for shape in _SHAPES},
        _MISSING,
        _INVALID,
    )


_SHAPES: Final = ("wrong-prefix", "prefix-only", "too-short")


def _refused(
    operation: ApiOperation,
    name: str,
    words: Text,
    attempts: Mapping[str, Attempt],
    *allowed: tuple[int, str],
    rule: str = "",
    token: OptionalToken | None = None,
    names_second_environment: bool = False,
) -> Scenario:
    """Return a scenario that sends these requests, each as the step `<operation>.<attempt>`; all must be refused."""
    steps = {f"{operation.name}.{attempt}": send for attempt, send in attempts.items()}
    expectation = refusal(f"{operation.name}.{rule or name}", *allowed, operation=operation.name)
    control = plain_control(operation.name)

    async def run_steps(stage: ScenarioContext) -> None:
        if token is not None:
            stage.optional_pat(token)
        if not operation.names_item:
            stage.facts |= {"environment_id": stage.run_resources.main, "arranged_by": "api"}
            for step, send in steps.items():
                await send(stage, step, operation, None)
            return
        item = await stage.item()
        await stage.read_before(item)
        for step, send in steps.items():
            await send(stage, step, operation, item)
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))

    unchanged = Check(f"{operation.name}.refused.changes-nothing", item_unchanged(tuple(steps)))
    return Scenario(
        id=f"{operation.name}.{name}",
        chapter=f"{operation.name}-requests",
        title=Text("{noun}: {words}", "{noun}：{words}").format(noun=operation.title, words=words),
        item_spec=item_spec_of(operation.name),
        run_steps=run_steps,
        expectations=dict.fromkeys(steps, expectation),
        controls=dict.fromkeys(steps, control),
        checks=(unchanged,) if operation.names_item else (),
        token=token,
        names_second_environment=names_second_environment,
    )


def _with_credential(credential: Credential) -> Attempt:
    async def attempt(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
        await send_plain(stage, step, operation.name, *_place(stage, item), authentication=credential(stage))

    return attempt


def _with_token(token: OptionalToken) -> Attempt:
    return _with_credential(lambda stage: bad_credentials.bearer(stage.optional_pat(token)))


async def _not_self_hosted(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
    work_id = await unknown_work_id(stage, item) if item is not None else None
    await send_plain(stage, step, operation.name, stage.run_resources.not_self_hosted, work_id)


async def _unknown_environment(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
    if item is None:
        await send_plain(stage, step, operation.name, await unknown_environment_id_without_item(stage))
    else:
        await send_plain(stage, step, operation.name, await unknown_environment_id(stage, item), item.work_id)


async def _unknown_work(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
    assert item is not None, "only operations whose path names an item"
    await send_plain(stage, step, operation.name, item.environment_id, await unknown_work_id(stage, item))


async def _other_environment(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
    assert item is not None, "only operations whose path names an item"
    await send_plain(stage, step, operation.name, stage.run_resources.second_environment, item.work_id)


def _malformed(subject: Literal["environment", "work"], shape: str) -> Attempt:
    async def attempt(stage: ScenarioContext, step: str, operation: ApiOperation, item: Item | None) -> None:
        environment_id, work_id = _place(stage, item)
        if subject == "work":
            assert work_id is not None, "only operations whose path names an item"
            work_id = malformed_ids(work_id)[shape]
        else:
            environment_id = malformed_ids(environment_id)[shape]
        if (
            item is not None
            and work_id is not None
            and not is_vast(item.work_id)
            and await stage.exists(environment_id, work_id)
        ):
            raise NotSupported(Text("the target has an item with that id", "目标中有 item 使用该 id"))
        await send_plain(stage, step, operation.name, environment_id, work_id)

    return attempt


def _place(stage: ScenarioContext, item: Item | None) -> tuple[str, str | None]:
    return (stage.run_resources.main, None) if item is None else (item.environment_id, item.work_id)
