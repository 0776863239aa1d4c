"""`work-conformance certify`: make a certificate of a conformant run."""

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
    short_help=localize("Make a certificate of a conformant run.", "将一次符合的运行制成证书。"),
    context_settings={"max_content_width": 100},
    help=localize(
        "Make a certificate of the run in RUN_DIR: one signed file with the evidence in it. Everything is judged again"
        " first. It is refused, with the reasons and exit code 1, unless the whole suite ran, with TLS verified and"
        " without waivers, and every MUST held.",
        "将 RUN_DIR 中的运行制成证书：一个已签名的文件，内含全部证据。制作前会重新判定一遍。只有执行了整个套件、验证了 TLS、"
        "未使用豁免，且每条 MUST 都成立时才会签发；否则列出原因并以退出码 1 拒绝。",
    ),
)
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--vendor", required=True, metavar="NAME", help=localize("Who certifies.", "认证者。"))
@click.option("--product", required=True, metavar="NAME", help=localize("What is certified.", "所认证的产品。"))
@click.option(
    "--product-version", required=True, metavar="VERSION", help=localize("In which version.", "所认证产品的版本。")
)
@click.option(
    "--sign",
    required=True,
    metavar="KEY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=localize(
        "Private key (Ed25519, PEM), as `work-conformance key` makes it.",
        "私钥（Ed25519，PEM），可用 `work-conformance key` 生成。",
    ),
)
@click.option(
    "--password-env", metavar="NAME", help=localize("Variable with the key's password.", "存放私钥密码的变量。")
)
@click.option(
    "--output",
    metavar="FILE",
    default=Path("certificate.json"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=localize("Where to write it; an existing file is not overwritten.", "证书的写入位置；不会覆盖已有文件。"),
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
    """Make a certificate."""
    from conformance.certificate.issue import NotEligible, issue
    from conformance.reporting.escaping import escape_line

    subject = _subject(vendor, product, product_version)
    key = _key(sign, read_password(password_env))
    try:
        bundle, content = issue(run_dir, subject, key)
    except NotEligible as refusal:
        for reason in refusal.reasons:
            click.echo(escape_line(reason.in_(current_language())), err=True)
        click.echo(localize("No certificate was made.", "未签发证书。"), err=True)
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
                f"{option}: give one printable line of at most {LONGEST_NAME} characters, without blanks at its ends.",
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
