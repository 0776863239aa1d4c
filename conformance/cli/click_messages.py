"""click's own messages in the language of the call.

click looks its messages up with gettext, which takes the language from the environment. The translations are in
`locale/`; without them, as in English, click's messages stay as they are.
"""

from __future__ import annotations

import contextlib
import gettext
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.cli.language import current_language
from conformance.text import Lang

_FOLDER: Final = Path(__file__).with_name("locale")
_VARIABLE: Final = "LANGUAGE"


@contextlib.contextmanager
def translated_messages(lang: Lang | None = None) -> Iterator[None]:
    """Translate click's messages while open; afterwards the environment is that of the user again.

    So no program that a command starts finds another language than the user's.
    """
    if (lang or current_language()) != "zh":
        yield
        return
    before = os.environ.get(_VARIABLE)
    gettext.bindtextdomain(gettext.textdomain(), str(_FOLDER))
    os.environ[_VARIABLE] = "zh"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
