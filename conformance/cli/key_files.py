"""Reads a key that an option names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.cli.key_command import password_from_variable
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.cli.regular_file import read_regular_file

if TYPE_CHECKING:
    from conformance.certificate.signing import PublicKey, SigningKey

_MAX_KEY: Final = 64 << 10


def read_public_option(path: Path | None, option: str) -> PublicKey | None:
    """Return the public key in a file that an option names; None if it was not given.

    Raises:
        CannotStart: the file cannot be read, or is not such a key.
    """
    from conformance.certificate.signing import UnusableKey, read_public

    if path is None:
        return None
    try:
        return read_public(read_regular_file(path, _MAX_KEY, option=option))
    except UnusableKey as error:
        why = error.reason.in_(current_language())
        raise CannotStart(localize(f"{option}: {path} {why}.", f"{option}：{path} {why}。")) from None


def read_private_option(path: Path, password_env: str | None, option: str) -> SigningKey:
    """Return the key pair in a file that an option names; `password_env` is the variable with its password.

    Raises:
        CannotStart: the file or the variable cannot be read, or it is not such a key.
    """
    from conformance.certificate.signing import UnusableKey, read_private

    password = password_from_variable(password_env)
    try:
        return read_private(read_regular_file(path, _MAX_KEY, option=option), password)
    except UnusableKey as error:
        why = error.reason.in_(current_language())
        raise CannotStart(localize(f"{option}: {path} {why}.", f"{option}：{path} {why}。")) from None
