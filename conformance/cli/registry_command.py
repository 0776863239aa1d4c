"""`work-conformance registry`: list the certificates that an authority has checked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from conformance.cli.certificate_text import print_reasons
from conformance.cli.command_classes import SuggestingGroup
from conformance.cli.key_files import read_public_option
from conformance.cli.language import localize
from conformance.cli.options import chosen_language, form_option, lang_option, lang_option_without_parameter
from conformance.cli.policy_option import moment
from conformance.cli.registry_arguments import (
    at_option,
    certificate_argument,
    challenge_option,
    folder_argument,
    vendor_key_option,
)
from conformance.cli.registry_changes import add, init, refresh, revoke, rotate
from conformance.cli.registry_option import registry_key_option
from conformance.cli.registry_text import print_entries, refusals
from conformance.cli.regular_file import read_regular_file

EXIT_REFUSED: Final = 1
EXIT_CANNOT_TELL: Final = 2


@click.group(
    cls=SuggestingGroup,
    examples=(
        'work-conformance registry init registry/ --name "Example Authority" --key authority.pem',
        "work-conformance registry add registry/ certificate.json --key authority.pem",
    ),
    help=localize(
        "Manage the list of certificates that an authority has checked: a folder, for example in a git repository, with one"
        " entry for each certificate, a signed index, and a page in each language.",
        "管理证书登记册，其中列出登记机构核验过的证书。登记册是一个目录，可作为 git 仓库：每份证书一个条目，另有带签名的索引和中英文页面。",
    ),
)
@lang_option_without_parameter
def command() -> None:
    """`work-conformance registry`."""


for _change in (init, add, revoke, rotate, refresh):
    command.add_command(_change)


@command.command(
    examples=("work-conformance registry check registry/ certificate.json --registry-key authority.pem.pub",),
    short_help=localize("Check whether a certificate could be added.", "检查证书能否登记。"),
    help=localize(
        "Say whether the registry would list the certificate, and print each reason against it. Writes nothing."
        " Exit codes: 0 yes, 1 no, 2 the installed version cannot decide.",
        "检查登记册是否接受该证书，并列出每条不接受的原因。命令不写入任何文件。退出码：0 接受，1 不接受，2 当前安装的版本无法判断。",
    ),
)
@folder_argument
@certificate_argument
@challenge_option
@vendor_key_option
@registry_key_option
@at_option
@lang_option_without_parameter
@click.pass_context
def check(
    ctx: click.Context,
    folder: Path,
    certificate: Path,
    challenge: str | None,
    vendor_key: Path | None,
    registry_key: Path | None,
    at: datetime | None,
) -> None:
    """Check a certificate."""
    from conformance.registry import submission
    from conformance.registry.files import MAX_CERTIFICATE
    from conformance.registry.store import read_registry

    wanted = submission.Wanted(challenge=challenge, vendor_key=read_public_option(vendor_key, "--vendor-key"))
    content = read_regular_file(certificate, MAX_CERTIFICATE)
    with refusals():
        registry = read_registry(folder, read_public_option(registry_key, "--registry-key"))
        found = submission.check(registry, content, wanted, at=moment(at))
    print_reasons([*found.reasons, *found.undecided])
    if found.reasons or found.undecided:
        click.echo(localize("The registry does not take this certificate.", "登记册不接受此证书。"))
        ctx.exit(EXIT_REFUSED if found.reasons else EXIT_CANNOT_TELL)
    click.echo(localize("The registry takes this certificate.", "登记册接受此证书。"))


@command.command(
    "list",
    examples=("work-conformance registry list registry/ --registry-key authority.pem.pub",),
    short_help=localize("List the certificates.", "列出证书。"),
    help=localize(
        "List the certificates of a registry after comparing every file with the signed index.",
        "将每个文件与带签名的索引比较后，列出登记册中的证书。",
    ),
)
@folder_argument
@registry_key_option
@at_option
@form_option("text", "json")
@lang_option
def list_entries(folder: Path, registry_key: Path | None, at: datetime | None, form: str, lang: str | None) -> None:
    """List the certificates."""
    from conformance.registry.store import read_registry

    public = read_public_option(registry_key, "--registry-key")
    with refusals():
        registry = read_registry(folder, public)
    print_entries(registry, form, chosen_language(lang), signer_known=public is not None, at=moment(at))
