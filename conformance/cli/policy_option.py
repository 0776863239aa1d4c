"""`--policy` and `--at`: what is expected of a certificate, and at which time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from conformance.cli.language import localize
from conformance.cli.options import CannotStart
from conformance.cli.regular_file import read_regular_file

if TYPE_CHECKING:
    from conformance.certificate.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT: Final = "default"
"""The name of the policy that comes with the suite."""

_MAX_BYTES: Final = 64 << 10


def policy_options(function: F) -> F:
    """Add `--policy` and `--at`; both are None if they are not given."""
    at = click.option(
        "--at",
        type=click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
        metavar="DATE",
        help=localize("Date for the age of the run (default: now).", "以该日期计算运行距今的时间（默认为当前时间）。"),
    )
    policy = click.option(
        "--policy",
        metavar="FILE",
        help=localize(
            f"TOML file with your requirements for a certificate; `{DEFAULT}` is the policy that comes with the suite.",
            f"说明证书须满足哪些条件的 TOML 文件；`{DEFAULT}` 为本套件自带的策略。",
        ),
    )
    return policy(at(function))


def read_policy_option(policy: str | None) -> Policy:
    """Return the policy in a file, or the one that comes with the suite.

    Raises:
        CannotStart: the file cannot be read, or is not a policy.
    """
    return _parsed(policy, _content(policy))


def policy_bytes(policy: str | None) -> bytes:
    """Return the bytes of the policy in a file, or of the one that comes with the suite.

    Raises:
        CannotStart: the file cannot be read, or is not a policy.
    """
    content = _content(policy)
    _parsed(policy, content)
    return content


def _content(policy: str | None) -> bytes:
    from conformance.certificate.policy import shipped_policy

    if policy is None or policy == DEFAULT:
        return shipped_policy()
    return read_regular_file(Path(policy), _MAX_BYTES, option="--policy")


def _parsed(policy: str | None, content: bytes) -> Policy:
    from conformance.certificate.policy import parse_policy
    from conformance.reporting.escaping import escape_line

    try:
        return parse_policy(content)
    except ValueError as error:
        why = escape_line(str(error))
        raise CannotStart(
            localize(f"--policy: {policy} is not a policy ({why}).", f"--policy：{policy} 不是策略文件（{why}）。")
        ) from None


def moment(at: datetime | None) -> datetime:
    """Return the time of `--at`, or the present."""
    return datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
