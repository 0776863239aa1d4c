"""How a worker is started: the user's command with its placeholders, and the environment that it gets."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.machine.user_environment import users_environment
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError
from conformance.worker_harness.script import REAL_LEASE, SHORT_LEASE

BY_HAND: Final = "(a worker that was started by hand)"

_FOREIGN_PREFIXES: Final = ("QODER_", "WORK_CONFORMANCE_")
"""Variables that the worker does not inherit: they could name another server, or contain another token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """The worker to judge. `command` is None for a worker that is started by hand."""

    command: str | None
    real_leases: bool = False

    @property
    def lease(self) -> float:
        """The length of a lease, in seconds."""
        return REAL_LEASE if self.real_leases else SHORT_LEASE

    @property
    def shown(self) -> str:
        """The command as reports show it."""
        return self.command if self.command is not None else BY_HAND

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types for another process."""
        return {"command": self.command, "real_leases": self.real_leases}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a worker is told: where the server is, and what to run."""

    base_url: str
    environment_id: str
    token: str
    job_seconds: float

    @property
    def placeholders(self) -> dict[str, str]:
        """The values of the command's placeholders. The token is not one: every process can read a command line."""
        return {
            "{base_url}": self.base_url,
            "{environment_id}": self.environment_id,
            "{job_seconds}": f"{self.job_seconds:g}",
        }

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables, also under the names that the official clients read."""
        return {
            "WORK_CONFORMANCE_BASE_URL": self.base_url,
            "WORK_CONFORMANCE_ENVIRONMENT_ID": self.environment_id,
            "WORK_CONFORMANCE_JOB_SECONDS": f"{self.job_seconds:g}",
            "QODER_PAT": self.token,
            "QODER_ACCESS_TOKEN": self.token,
            "QODER_MANAGED_BASE_URL": self.base_url + DEFAULT_API_PREFIX,
        }

    @property
    def marker(self) -> str:
        """An entry of the environment that only this worker and its children have."""
        return f"WORK_CONFORMANCE_ENVIRONMENT_ID={self.environment_id}"

    def environ(self) -> dict[str, str]:
        """Return the worker's whole environment: the user's own, with these variables."""
        own = {name: value for name, value in users_environment().items() if not name.startswith(_FOREIGN_PREFIXES)}
        return {"PYTHONUNBUFFERED": "1", **own, **self.variables}


def words_of(command: str, placeholders: Mapping[str, str] | None = None) -> list[str]:
    """Return the command split like in a shell, with each placeholder replaced inside its word.

    Raises:
        ConfigurationError: it is empty, or has an open quotation.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(
            f"--start: the command cannot be read ({error}).", f"--start：无法解析该命令（{error}）。"
        ) from None
    if not words:
        raise ConfigurationError("--start: the command is empty.", "--start：命令为空。")
    for name, value in (placeholders or {}).items():
        words = [word.replace(name, value) for word in words]
    return words


def require_program(command: str) -> None:
    """Check that the command's program exists.

    Raises:
        ConfigurationError: it does not, or the command cannot be read.
    """
    program = words_of(command)[0]
    if shutil.which(program) is None:
        raise ConfigurationError(
            f"--start: there is no program {program!r}; check its name and PATH.",
            f"--start：找不到程序 {program!r}；请检查名称和 PATH。",
        )
