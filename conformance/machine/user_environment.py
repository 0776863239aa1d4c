"""The environment of programs that the user names: the one that the user's own shell would give them."""

from __future__ import annotations

import os
from typing import Final

SAFE_PATH_VARIABLE: Final = "_CONFORMANCE_SAFE_PATH"
"""Set beside PYTHONSAFEPATH if the suite set it, rather than the user."""


def users_environment() -> dict[str, str]:
    """Return a copy of this process's environment without what the suite set for its own worker processes.

    With PYTHONSAFEPATH, a Python program would not find the modules beside it.
    """
    environ = dict(os.environ)
    if environ.pop(SAFE_PATH_VARIABLE, None) is not None:
        environ.pop("PYTHONSAFEPATH", None)
    return environ
