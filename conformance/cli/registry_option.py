"""`--registry` and `--registry-key` of `verify`: what a registry says of a certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from conformance.cli.key_files import read_public_option
from conformance.cli.language import localize
from conformance.cli.options import CannotStart
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.certificate.bundle import Bundle
    from conformance.registry.listing import Listing

F = TypeVar("F", bound=Callable[..., Any])

EXIT_NOT_LISTED: Final = 1
EXIT_CANNOT_TELL: Final = 2

SIGNER_UNKNOWN: Final = Text(
    "The registry's signer is unknown: give the authority's public key with --registry-key.",
    "登记册的签名者未知：请用 --registry-key 给出登记机构的公钥。",
)
_STANDING: Final = Text("registry {name}, signed at {at}: {standing}", "登记册 {name}（签名于 {at}）：{standing}")

_UNUSABLE: Final = Text("the registry cannot be relied on", "登记册不可信")
_UNSIGNED: Final = Text("the signer of the registry is unknown", "登记册的签名者未知")
_DOUBTS: Final = {
    "expired": Text("expired by the registry", "登记册显示已过期"),
    "revoked": Text("revoked by the registry", "已被登记册撤销"),
    "unknown": Text("unknown to the registry", "登记册中没有该证书"),
}


@dataclass(frozen=True, kw_only=True)
class RegistryAnswer:
    """What a registry says; or why it cannot be asked, with the exit code of that."""

    listing: Listing | None = None
    trouble: Text | None = None
    trouble_exit: int = EXIT_NOT_LISTED

    @property
    def exit_code(self) -> int:
        """0 if a recent index of a registry with a known signer lists the certificate."""
        if self.listing is None:
            return self.trouble_exit
        return 0 if self.listing.is_confirmed else EXIT_NOT_LISTED

    @property
    def reasons(self) -> list[Text]:
        """Why the certificate does not count as listed."""
        if self.listing is None:
            return [] if self.trouble is None else [self.trouble]
        unknown = None if self.listing.signer_known else SIGNER_UNKNOWN
        date = None if self.listing.date_problem is None else self.listing.date_problem.reason
        return [reason for reason in (self.listing.reason, unknown, date) if reason is not None]

    @property
    def doubt(self) -> Text | None:
        """Why the certificate does not count as listed, as a clause; None if it does."""
        if self.listing is None:
            return _UNUSABLE
        if self.listing.standing != "listed":
            return _DOUBTS[self.listing.standing]
        if not self.listing.signer_known:
            return _UNSIGNED
        return None if self.listing.date_problem is None else self.listing.date_problem.clause

    def lines(self) -> Iterator[Text]:
        """Yield what the terminal shows."""
        from conformance.registry.validity import STANDINGS

        if self.listing is not None:
            index, standing = self.listing.index, STANDINGS[self.listing.standing]
            yield _STANDING.format(name=index.name, at=index.signed_at, standing=standing)
        for reason in self.reasons:
            yield Text("registry: {reason}", "登记册：{reason}").format(reason=reason)

    def to_json(self) -> dict[str, Any]:
        """Return the result for programs."""
        said = {} if self.listing is None else self.listing.to_json()
        return {**said, "reasons": [reason.to_json() for reason in self.reasons]}


def registry_options(function: F) -> F:
    """Add `--registry`, `--registry-key` and `--registry-max-age`."""
    max_age = click.option(
        "--registry-max-age",
        metavar="DAYS",
        type=click.IntRange(min=1),
        help=localize(
            "Refuse an index that the registry signed more than DAYS days ago (default: as in the policy, or 30).",
            "拒绝登记册在 DAYS 天以前签名的索引（默认按策略；策略未规定时为 30）。",
        ),
    )
    key = registry_key_option(max_age(function))
    return click.option(
        "--registry",
        metavar="FOLDER|URL",
        help=localize(
            "Also ask this registry whether the certificate is listed, expired or revoked.",
            "同时查询该登记册：证书是否已登记、已过期或已撤销。",
        ),
    )(key)


def registry_key_option(function: F) -> F:
    """Add `--registry-key`."""
    return click.option(
        "--registry-key",
        metavar="PUB",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=localize(
            "Public key of the registry's authority, from a source that you trust.",
            "登记机构的公钥，须取自您信任的来源。",
        ),
    )(function)


@dataclass(frozen=True, kw_only=True)
class RegistryQuestion:
    """Where the registry is, its authority's key, and how many days old its index may be; None for the default."""

    place: str | None
    key: Path | None
    max_age_days: int | None


def ask_registry(bundle: Bundle | None, question: RegistryQuestion, at: datetime) -> RegistryAnswer | None:
    """Return what a registry says of a certificate; None if no registry was named, or there is no certificate.

    Raises:
        CannotStart: the key cannot be used, or was given without a registry.
    """
    place, key = question.place, question.key
    if place is None and key is not None:
        raise CannotStart(localize("--registry-key needs --registry.", "--registry-key 需要 --registry。"))
    public = read_public_option(key, "--registry-key")
    if place is None or bundle is None:
        return None
    from conformance.registry.errors import BrokenRegistry, UndecidedRegistry
    from conformance.registry.listing import listing_of, source_of

    try:
        listing = listing_of(bundle, source_of(place), public, at=at, max_age_days=question.max_age_days)
        return RegistryAnswer(listing=listing)
    except BrokenRegistry as error:
        return RegistryAnswer(trouble=error.reason)
    except UndecidedRegistry as error:
        return RegistryAnswer(trouble=error.reason, trouble_exit=EXIT_CANNOT_TELL)
