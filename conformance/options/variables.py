"""The suite's environment variables; an empty or unknown one is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.options.option import PREFIX
from conformance.options.table import OPTIONS
from conformance.suggest import nearest
from conformance.target import ConfigurationError

ALLUREDIR: Final = f"{PREFIX}ALLUREDIR"
TOKENS: Final = ("QODER_PAT", "QODER_FORBIDDEN_PAT", "QODER_FOREIGN_PAT", "QODER_EXPIRED_PAT")
"""The default variables of the tokens."""

_BASE_URL: Final = f"{PREFIX}BASE_URL"
_MEANT_AS_URL: Final = frozenset(
    f"{PREFIX}{word}" for word in ("URL", "TARGET", "TARGET_URL", "SERVER", "HOST", "ENDPOINT")
)
"""Common wrong names that a spelling comparison would not match."""

_OF_THE_TESTS: Final = (f"{PREFIX}ALL",)
"""Variables of the project's own tests, which are set while they start commands. WORK_CONFORMANCE_SEED and
WORK_CONFORMANCE_REPEAT also control the tests; these are options as well."""

_OF_WORKERS: Final = (f"{PREFIX}ENVIRONMENT_ID", f"{PREFIX}JOB_SECONDS")
"""Variables that `worker` sets for a worker; a user may have set them for one that is started by hand."""

VARIABLES: Final[frozenset[str]] = frozenset(
    {*(option.variable for option in OPTIONS), ALLUREDIR, *_OF_THE_TESTS, *_OF_WORKERS}
)
"""All environment variables of the suite; another one with its prefix is an error."""


def is_blank(value: object) -> bool:
    """Return whether a given value is only white space; None means not given."""
    return isinstance(value, str) and not value.strip()


def check_variables(environ: Mapping[str, str]) -> None:
    """Check that no variable of the suite is empty or unknown.

    Build servers pass an unset secret as an empty variable; the suite must not treat that as a token left out on
    purpose.

    Raises:
        ConfigurationError: a variable is empty or unknown; the message names it and says how to fix it.
    """
    for name in sorted(name for name in environ if name.upper().startswith(PREFIX)):
        if name not in VARIABLES:
            raise _unknown(name)
        if any(map(is_blank, environ[name].removesuffix("\n").split("\n"))):
            raise _empty(name)
    for name in (*TOKENS, *(f"{token}_B" for token in TOKENS)):
        if is_blank(environ.get(name)):
            raise _empty(name)


def _unknown(name: str) -> ConfigurationError:
    name_as_ours = name.upper()
    near = _BASE_URL if name_as_ours in _MEANT_AS_URL else nearest(name_as_ours, sorted(VARIABLES))
    if near is None:
        return ConfigurationError(
            f"Unknown environment variable {name}; unset it. For all options, see work-conformance run --help.",
            f"未知的环境变量 {name}；请取消设置。可用的选项参见 work-conformance run --help。",
        )
    return ConfigurationError(
        f"Unknown environment variable {name}; did you mean {near}?",
        f"未知的环境变量 {name}；是否应为 {near}？",
    )


def _empty(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"The environment variable {name} is empty; set it to a value, or unset it.",
        f"环境变量 {name} 的值为空；请设置值，或取消设置。",
    )
