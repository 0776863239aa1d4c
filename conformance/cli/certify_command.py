"""`work-conformance certify`: create a certificate from a conformant run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.command_classes import CheckedCommand
from conformance.cli.key_command import read_password, write_new
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, message_lang_option

if TYPE_CHECKING:
    from conformance.certificate.bundle import Bundle
    from conformance.certificate.signing import SigningKey
    from conformance.certificate.statement import Subject

EXIT_REFUSED = 1


@click.command(
    cls=CheckedCommand,
    short_help=localize("Create a certificate from a conformant run.", "为一次结论为符合的运行签发证书。"),
    examples=(
        'work-conformance certify out/ --vendor "Example" --product "Example API" --product-version 2.1 --sign vendor.pem',
    ),
    context_settings={"max_content_width": 100},
    help=localize(
        "Create a certificate from the run in RUN_DIR: one signed file that contains the evidence. The run is judged"
        " again first. Requires a run of the whole suite with verified TLS, without waivers, and with every MUST"
        " passed. Otherwise the command prints the reasons and exits with 1.",
        "为 RUN_DIR 中的运行签发证书：一个已签名的文件，内含全部证据。签发前会重新判定。只有执行了整个套件、校验了 TLS、"
        "未使用豁免，且每条 MUST 都通过时才会签发；否则列出原因，退出码为 1。",
    ),
)
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--vendor", required=True, metavar="NAME", help=localize("Who certifies.", "认证者。"))
@click.option(
    "--product", required=True, metavar="NAME", help=localize("Name of the certified product.", "所认证产品的名称。")
)
@click.option(
    "--product-version",
    required=True,
    metavar="VERSION",
    help=localize("Version of the certified product.", "所认证产品的版本。"),
)
@click.option(
    "--sign",
    required=True,
    metavar="KEY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=localize(
        "Private key (Ed25519, PEM), created by `work-conformance key`.",
        "私钥（Ed25519，PEM），可用 `work-conformance key` 生成。",
    ),
)
@click.option(
    "--password-env",
    metavar="NAME",
    help=localize("Environment variable with the key's password.", "存放私钥密码的环境变量。"),
)
@click.option(
    "--output",
    metavar="FILE",
    default=Path("certificate.json"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=localize(
        "Path of the certificate; an existing file is not overwritten.", "证书的写入位置；不会覆盖已有文件。"
    ),
)
@message_lang_option
@click.pass_context
def command(
    ctx: click.Context,
    run_dir: Path,
    vendor: str,
    product: str,
    product_version: str,
    sign: Path,
    password_env: str | None,
    output: Path,
) -> None:
    """Create a certificate."""
    from conformance.certificate.issue import NotEligible, issue
    from conformance.reporting.escaping import escape_line

    subject = _subject(vendor, product, product_version)
    key = _key(sign, read_password(password_env))
    try:
        bundle, content = issue(run_dir, subject, key)
    except NotEligible as refusal:
        for reason in refusal.reasons:
            click.echo(escape_line(reason.in_(current_language())), err=True)
        click.echo(localize("No certificate was created.", "未签发证书。"), err=True)
        ctx.exit(EXIT_REFUSED)
    write_new(output, content)
    _tell(bundle, output)


def _subject(vendor: str, product: str, version: str) -> Subject:
    from conformance.certificate.statement import LONGEST_NAME, Subject

    try:
        return Subject(vendor=vendor, product=product, version=version)
    except ValueError as error:
        option = {"vendor": "--vendor", "product": "--product", "version": "--product-version"}[str(error)]
        raise CannotStart(
            localize(
                f"{option}: give one printable line of at most {LONGEST_NAME} characters, without blanks at either end.",
                f"{option}：请给出一行可打印文字，至多 {LONGEST_NAME} 个字符，首尾不带空白。",
            )
        ) from None


def _key(path: Path, password: bytes | None) -> SigningKey:
    from conformance.certificate.signing import UnusableKey, read_private

    try:
        return read_private(path.read_bytes(), password)
    except UnusableKey as error:
        why = error.reason.in_(current_language())
        raise CannotStart(localize(f"--sign: {path} {why}.", f"--sign：{path} {why}。")) from None
    except OSError as error:
        strerror = error.strerror
        raise CannotStart(
            localize(f"--sign: {path} cannot be read ({strerror}).", f"--sign：无法读取 {path}（{strerror}）。")
        ) from None


def _tell(bundle: Bundle, output: Path) -> None:
    from conformance.cli.verify_command import describe_certificate

    for line in describe_certificate(bundle):
        click.echo(line)
    click.echo(localize(f"Certificate written to {output}.", f"证书已写入 {output}。"))
