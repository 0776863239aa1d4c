"""How a worker is started: the user's command with its placeholders, and the environment that it gets."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.machine.user_environment import users_environment
from conformance.suggest import nearest
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError
from conformance.worker_harness.script import REAL_LEASE, SHORT_LEASE

BY_HAND: Final = "(a worker that was started by hand)"

PLACEHOLDERS: Final = ("base_url", "environment_id", "job_seconds")
"""What a command may have between braces."""

_BRACES: Final = re.compile(r"\{\{(?P<literal>[A-Za-z_][\w-]*)\}\}|(?<![$\\{])\{(?P<name>[A-Za-z_][\w-]*)\}")
"""A name between braces. `${HOME}` is a shell's, and braces around anything else are no placeholders, as in JSON."""

_PLAIN_WORD: Final = re.compile(r"[^\s'\"()]*")

_INTERPRETERS: Final = {".js": "node", ".mjs": "node", ".ts": "node", ".rb": "ruby", ".sh": "sh"}
"""The usual interpreter by the ending of a file's name; of any other file it is Python."""

_TOKEN_NAMES: Final = frozenset({"token", "pat", "qoder_pat", "access_token", "api_key"})
_OPERATOR: Final = re.compile(r"\|\|?|\|&|&&?|;|\d*[<>].*|&>.*")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")

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
            "base_url": self.base_url,
            "environment_id": self.environment_id,
            "job_seconds": f"{self.job_seconds:g}",
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

    In a plain word `{{name}}` stands for a literal `{name}`. A word with white space, quotation marks or parentheses is
    code or JSON; there everything but the placeholders stays as it is.

    Raises:
        ConfigurationError: it is empty, has an open quotation, or a plain word has an unknown name between braces.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(
            f"--start: the command cannot be read ({error}).", f"--start：无法解析该命令（{error}）。"
        ) from None
    if not words:
        raise ConfigurationError("--start: the command is empty.", "--start：命令为空。")
    values = placeholders if placeholders is not None else dict.fromkeys(PLACEHOLDERS, "")
    return [_BRACES.sub(lambda found: _value(found, values), word) for word in words]


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    literal, name = found["literal"], found["name"]
    if name in values:
        return values[name]
    if not _PLAIN_WORD.fullmatch(found.string):
        return found.group()
    if literal is not None:
        return f"{{{literal}}}"
    raise _unknown(name)


def _unknown(name: str) -> ConfigurationError:
    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    en, zh = f"the placeholders are {known}", f"可用的占位符为 {known}"
    near = nearest(name, PLACEHOLDERS)
    if name.lower() in _TOKEN_NAMES:
        en = f"the token is only in the environment variable QODER_PAT; {en}"
        zh = f"token 只在环境变量 QODER_PAT 中给出；{zh}"
    elif near is not None:
        en, zh = f"did you mean {{{near}}}? {en[0].upper()}{en[1:]}", f"是否应为 {{{near}}}？{zh}"
    return ConfigurationError(
        f"--start: there is no placeholder {{{name}}}; {en}. Write {{{{{name}}}}} for a literal {{{name}}}.",
        f"--start：没有占位符 {{{name}}}；{zh}。要原样传入 {{{name}}}，请写 {{{{{name}}}}}。",
    )


def require_program(command: str) -> None:
    """Check that the command's program exists and can be executed, and that the command needs no shell.

    Raises:
        ConfigurationError: it does not, or the command cannot be read.
    """
    program = words_of(command)[0]
    _refuse_shell_syntax(command)
    if shutil.which(program) is not None:
        return
    path = Path(program)
    if path.is_dir():
        raise ConfigurationError(
            f"--start: {program!r} is a folder, not a program.", f"--start：{program!r} 是目录，不是程序。"
        )
    if path.is_file():
        name = shlex.quote(program)
        by = f"{_INTERPRETERS.get(path.suffix, 'python')} {name}"
        here = name if path.parent != Path() or os.sep in program else f"./{name}"
        raise ConfigurationError(
            f"--start: {program!r} is a file that the suite cannot execute. Put its interpreter before it, as in"
            f" --start '{by}', or make it executable (chmod +x {here}) and start it as {here}.",
            f"--start：文件 {program!r} 无法执行。请在前面写上解释器，例如 --start '{by}'；"
            f"或使其可执行（chmod +x {here}），并以 {here} 启动。",
        )
    if _ASSIGNMENT.match(program):
        raise ConfigurationError(
            f"--start: {program!r} sets a variable, which needs a shell; put env before it: --start 'env {program} …'.",
            f"--start：{program!r} 是变量赋值，需要 shell；请在前面加上 env：--start 'env {program} …'。",
        )
    raise ConfigurationError(
        f"--start: there is no program {program!r}; check its name and PATH.",
        f"--start：找不到程序 {program!r}；请检查名称和 PATH。",
    )


def _refuse_shell_syntax(command: str) -> None:
    """Reject operators of a shell that are not quoted: the program would get them as arguments.

    Raises:
        ConfigurationError: the command has one.
    """
    try:
        words = shlex.split(command, posix=False)  # keeps the quotation marks
    except ValueError:
        return
    operator = next((word for word in words if _OPERATOR.fullmatch(word)), None)
    if operator is not None:
        raise ConfigurationError(
            f"--start: {operator!r} needs a shell, and the suite uses none; start one, as in --start \"sh -c '…'\", or"
            f" quote {operator!r} to pass it on.",
            f"--start：{operator!r} 需要 shell，而本套件不使用 shell；请自行启动，例如 --start \"sh -c '…'\"；"
            f"如需将 {operator!r} 作为参数传入，请加引号。",
        )
