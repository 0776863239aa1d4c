"""`work-conformance registry init`, `add`, `revoke`, `rotate` and `refresh`: the commands that sign."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.key_files import read_private_option, read_public_option
from conformance.cli.language import localize
from conformance.cli.policy_option import moment, policy_bytes
from conformance.cli.registry_arguments import (
    FILE_PATH,
    certificate_argument,
    challenge_option,
    folder_argument,
    policy_option,
    signing_options,
    vendor_key_option,
)
from conformance.cli.registry_text import (
    named_digest,
    print_entry,
    print_signature,
    refusals,
    require_name,
)
from conformance.cli.regular_file import read_regular_file


@click.command(
    cls=NoEmptyValuesCommand,
    examples=('work-conformance registry init registry/ --name "Example Authority" --key authority.pem',),
    short_help=localize("Create an empty registry.", "创建空的登记册。"),
    help=localize(
        "Create an empty registry in FOLDER, signed with the authority's key.",
        "在 FOLDER 中创建空的登记册，由登记机构的密钥签名。",
    ),
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", required=True, metavar="NAME", help=localize("Name of the registry.", "登记册的名称。"))
@policy_option
@click.option(
    "--grace-days",
    type=click.IntRange(min=0),
    metavar="N",
    help=localize(
        "A certificate expires N days after a newer requirement set (default: never).",
        "要求集出现新版本 N 天后，旧版本的证书过期（默认：不因新版本而过期）。",
    ),
)
@signing_options
def init(
    folder: Path,
    name: str,
    policy: str | None,
    grace_days: int | None,
    key: Path,
    password_env: str | None,
    at: datetime | None,
) -> None:
    """Create an empty registry."""
    from conformance.registry.changes import create

    require_name(name)
    signing = read_private_option(key, password_env, "--key")
    rules = policy_bytes(policy)
    with refusals():
        print_signature(create(folder, name, signing, rules, grace_days=grace_days, at=moment(at)))


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        'work-conformance registry add registry/ certificate.json --key authority.pem --challenge "tender 7, 2026"',
    ),
    short_help=localize("Add a certificate.", "登记证书。"),
    help=localize(
        "Verify a certificate, compare it with the registry's policy and entries, add the authority's signature, and list"
        " it. Otherwise the command prints each reason. Exit codes: 0 listed, 1 refused, 2 the installed version cannot"
        " decide. If the command was interrupted, repeat it.",
        "验证证书，并与登记册的策略和已有条目比较；通过后追加登记机构的签名并登记。否则列出每条原因。"
        "退出码：0 已登记，1 不接受，2 当前安装的版本无法断定。若命令被中断，请重新执行。",
    ),
)
@folder_argument
@certificate_argument
@challenge_option
@vendor_key_option
@signing_options
def add(
    folder: Path,
    certificate: Path,
    challenge: str | None,
    vendor_key: Path | None,
    key: Path,
    password_env: str | None,
    at: datetime | None,
) -> None:
    """Add a certificate."""
    from conformance.registry import changes
    from conformance.registry.files import MAX_CERTIFICATE, certificate_file
    from conformance.registry.submission import Wanted

    wanted = Wanted(challenge=challenge, vendor_key=read_public_option(vendor_key, "--vendor-key"))
    content = read_regular_file(certificate, MAX_CERTIFICATE)
    signing = read_private_option(key, password_env, "--key")
    with refusals():
        entry = changes.add(folder, content, signing, wanted, at=moment(at))
    print_entry(entry)
    place = folder / certificate_file(entry.digest)
    click.echo(localize(f"certificate with the authority's signature: {place}", f"带登记机构签名的证书：{place}"))


@click.command(
    cls=NoEmptyValuesCommand,
    examples=('work-conformance registry revoke registry/ certificate.json --reason "sold" --key authority.pem',),
    short_help=localize("Revoke a certificate.", "撤销证书。"),
    help=localize(
        "Revoke a certificate, named by its file or by the beginning of its digest. Its entry stays, with the reason.",
        "撤销证书，用文件或摘要的开头部分指明。登记册保留其条目，并写明原因。",
    ),
)
@folder_argument
@click.argument("certificate", metavar="CERTIFICATE|DIGEST")
@click.option("--reason", required=True, metavar="TEXT", help=localize("Why; it is published.", "原因；会公开。"))
@signing_options
def revoke(
    folder: Path, certificate: str, reason: str, key: Path, password_env: str | None, at: datetime | None
) -> None:
    """Revoke a certificate."""
    from conformance.registry import changes

    digest = named_digest(certificate)
    signing = read_private_option(key, password_env, "--key")
    with refusals():
        print_entry(changes.revoke(folder, digest, reason, signing, at=moment(at)))


@click.command(
    cls=NoEmptyValuesCommand,
    examples=("work-conformance registry rotate registry/ --key authority.pem --new authority-2027.pem",),
    short_help=localize("Replace the key.", "更换密钥。"),
    help=localize(
        "Replace the key of the authority. The old key signs the new one. Earlier signatures stay valid; from now on only"
        " the new key signs.",
        "更换登记机构的密钥，新密钥由旧密钥签名。此前的签名仍然有效，此后的签名均由新密钥作出。",
    ),
)
@folder_argument
@click.option(
    "--new", required=True, metavar="KEY", type=FILE_PATH, help=localize("The new private key.", "新的私钥。")
)
@click.option(
    "--new-password-env",
    metavar="NAME",
    help=localize("Environment variable with the new key's password.", "存放新私钥密码的环境变量。"),
)
@signing_options
def rotate(
    folder: Path, new: Path, new_password_env: str | None, key: Path, password_env: str | None, at: datetime | None
) -> None:
    """Hand over to a new key."""
    from conformance.registry import changes

    signing = read_private_option(key, password_env, "--key")
    following = read_private_option(new, new_password_env, "--new")
    with refusals():
        print_signature(changes.rotate(folder, signing, following, at=moment(at)))


@click.command(
    cls=NoEmptyValuesCommand,
    examples=("work-conformance registry refresh registry/ --key authority.pem",),
    short_help=localize("Sign the registry again.", "重新签名登记册。"),
    help=localize(
        "Sign the registry again with today's date, and write its pages again. A newer requirement set of the installed"
        " suite is recorded with that date.",
        "以当前日期重新签名登记册，并重新生成页面。如果当前安装的套件带有更新的要求集，登记册以该日期记录其版本。",
    ),
)
@folder_argument
@policy_option
@signing_options
def refresh(folder: Path, policy: str | None, key: Path, password_env: str | None, at: datetime | None) -> None:
    """Sign the registry again."""
    from conformance.registry import changes

    signing = read_private_option(key, password_env, "--key")
    rules = None if policy is None else policy_bytes(policy)
    with refusals():
        print_signature(changes.refresh(folder, signing, policy=rules, at=moment(at)))
