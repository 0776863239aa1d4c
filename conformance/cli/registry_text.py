"""What the commands of a registry print, and how they end when something is refused."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.certificate_text import print_reasons
from conformance.cli.formats import print_output
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.cli.registry_option import SIGNER_UNKNOWN
from conformance.cli.regular_file import read_regular_file
from conformance.product_names import LONGEST_NAME, is_line
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from conformance.registry.entry import Entry
    from conformance.registry.index import Index
    from conformance.registry.store import Registry

FORMAT: Final = "work-conformance-registry-list/1"
_EXIT_REFUSED: Final = 1
_EXIT_UNDECIDED: Final = 2
_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}")
_ENTRY: Final = Text(
    "{digest}  {standing}  {product} {version}, {vendor}  profile {profile}, requirement set {catalogue}  until {until}",
    "{digest}  {standing}  {vendor} 的 {product} {version}  profile {profile}，要求集 {catalogue}  有效期至 {until}",
)
_HEAD: Final = Text("registry {name}, signed at {at}, number {n}", "登记册 {name}，签名于 {at}，序号 {n}")


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """End the command with each reason: exit code 1 if it was refused or the registry was changed, 2 if it is unclear.

    Raises:
        CannotStart: the registry cannot be read.
    """
    from conformance.registry.errors import BrokenRegistry, Refused, Undecided, UndecidedRegistry
    from conformance.reporting.escaping import escape_line

    try:
        yield
    except Refused as error:
        print_reasons(error.reasons)
        click.echo(localize("Nothing was changed.", "未作任何更改。"), err=True)
        raise SystemExit(_EXIT_UNDECIDED if isinstance(error, Undecided) else _EXIT_REFUSED) from None
    except BrokenRegistry as error:
        print_reasons([error.reason])
        raise SystemExit(_EXIT_REFUSED) from None
    except UndecidedRegistry as error:
        raise CannotStart(escape_line(error.reason.in_(current_language()))) from None


def require_name(name: str) -> None:
    """Check the name of a registry.

    Raises:
        CannotStart: it is not one printable line.
    """
    if not is_line(name):
        raise CannotStart(
            localize(
                f"--name: give one printable line of at most {LONGEST_NAME} characters.",
                f"--name：请给出一行可打印文字，至多 {LONGEST_NAME} 个字符。",
            )
        )


def named_digest(certificate: str) -> str:
    """Return the digest under which a certificate is listed, from its file or from the beginning of the digest.

    Raises:
        CannotStart: it is neither.
    """
    from conformance.certificate.bundle import MAX_BYTES, BrokenBundle, read_bundle
    from conformance.registry.listing import digest_of

    if _DIGEST.fullmatch(certificate):
        return certificate
    try:
        return digest_of(read_bundle(read_regular_file(Path(certificate), MAX_BYTES)))
    except BrokenBundle as error:
        raise CannotStart(f"{certificate}: {error.reason.in_(current_language())}") from None


def print_entry(entry: Entry) -> None:
    """Print an entry after a change."""
    from conformance.reporting.escaping import escape_line

    click.echo(
        escape_line(
            localize(
                f"{entry.status}: {entry.product} {entry.version} of {entry.vendor}",
                f"{'已登记' if entry.status == 'listed' else '已撤销'}：{entry.vendor} 的 {entry.product} {entry.version}",
            )
        )
    )
    click.echo(localize(f"digest: {entry.digest}", f"摘要：{entry.digest}"))
    if entry.reason is not None:
        click.echo(escape_line(localize(f"reason: {entry.reason}", f"原因：{entry.reason}")))
    elif entry.valid_until is not None:
        click.echo(localize(f"valid until: {entry.valid_until}", f"有效期至：{entry.valid_until}"))


def print_signature(registry: Registry) -> None:
    """Print who signed a registry, and when."""
    from conformance.reporting.escaping import escape_line

    index = registry.index
    click.echo(escape_line(_head(index).in_(current_language())))
    click.echo(localize(f"key: {index.signer.fingerprint}", f"公钥指纹：{index.signer.fingerprint}"))


def _head(index: Index) -> Text:
    return _HEAD.format(name=index.name, at=index.signed_at, n=index.sequence)


def print_entries(registry: Registry, form: str, lang: Lang, *, signer_known: bool, at: datetime) -> None:
    """Print every entry with how it stands."""
    from conformance.registry.validity import NO_END, STANDINGS, standing_of, valid_until
    from conformance.reporting.escaping import escape_line

    index = registry.index
    entries = sorted(registry.entries.values(), key=lambda entry: (entry.listed_at, entry.digest))

    def lines(lang: Lang) -> Iterator[str]:
        yield escape_line(_head(index).in_(lang))
        for entry in entries:
            standing, why = standing_of(entry, index, at)
            about = {"product": entry.product, "version": entry.version, "vendor": entry.vendor}
            line = _ENTRY.format(
                **about,
                digest=entry.digest[:12],
                standing=STANDINGS[standing],
                profile=entry.profile,
                catalogue=entry.catalogue,
                until=valid_until(entry, index) or NO_END,
            )
            yield escape_line(line.in_(lang))
            if why is not None:
                yield escape_line(f"  {why.in_(lang)}")
        if not signer_known:
            yield SIGNER_UNKNOWN.in_(lang)

    def data() -> dict[str, Any]:
        return {
            "format": FORMAT,
            "name": index.name,
            "signed_at": index.signed_at,
            "sequence": index.sequence,
            "key": index.signer.fingerprint,
            "signer_known": signer_known,
            "entries": [
                {
                    "digest": entry.digest,
                    "vendor": entry.vendor,
                    "product": entry.product,
                    "version": entry.version,
                    "profile": entry.profile,
                    "requirement_set": entry.catalogue,
                    "attestation": entry.attestation,
                    "started_at": entry.started_at,
                    "listed_at": entry.listed_at,
                    "valid_until": valid_until(entry, index),
                    "standing": standing_of(entry, index, at)[0],
                    "revoked_at": entry.revoked_at,
                    "reason": entry.reason,
                }
                for entry in entries
            ],
        }

    print_output(form, lang, data=data, markdown=lines, text=lines)
