"""`work-conformance verify`: verify a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from conformance.cli.command_classes import CheckedCommand
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, lang_option, language
from conformance.text import Lang

if TYPE_CHECKING:
    from conformance.certificate.bundle import Bundle
    from conformance.certificate.signing import PublicKey
    from conformance.certificate.verification import Outcome, Verification

EXITS: Final[dict[Outcome, int]] = {"holds": 0, "does-not-hold": 1, "cannot-tell": 2}


@click.command(
    cls=CheckedCommand,
    short_help=localize("Verify a certificate.", "验证证书。"),
    context_settings={"max_content_width": 100},
    examples=("work-conformance verify certificate.json --key vendor.pem.pub",),
    help=localize(
        "Verify a certificate offline: its format, its signature, every digest, and every verdict, which is judged again"
        " from the enclosed transcripts.\n\nExit codes: 0 valid, 1 invalid, 2 cannot be verified with the installed"
        " version. Without --key, the signer remains unknown.",
        "离线验证证书：格式、签名、每个摘要，以及依据所附传输记录重新判定的每条结论。\n\n"
        "退出码：0 有效，1 无效，2 当前安装的版本无法验证。不带 --key 时，无法得知签名者。",
    ),
)
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    metavar="PUB",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=localize(
        "Public key of the vendor (Ed25519, PEM), from a source that you trust.",
        "厂商的公钥（Ed25519，PEM），须取自您信任的来源。",
    ),
)
@click.option(
    "--badge",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=localize(
        "If valid, write badge.svg and badge.json (for shields.io) into this folder.",
        "若证书有效，将 badge.svg 和 badge.json（供 shields.io 使用）写入该目录。",
    ),
)
@click.option(
    "--summary",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=localize(
        "If valid, write a Markdown page about the certificate to this file.",
        "若证书有效，将说明页（Markdown）写入该文件。",
    ),
)
@lang_option
@click.pass_context
def command(
    ctx: click.Context, bundle: Path, key: Path | None, badge: Path | None, summary: Path | None, lang: str | None
) -> None:
    """Verify a certificate."""
    from conformance.certificate.verification import verify
    from conformance.reporting.escaping import escape_line

    chosen = language(lang)
    result = verify(_read(bundle), _public(key) if key is not None else None)
    if result.bundle is not None:
        for line in describe_certificate(result.bundle):
            click.echo(line)
    for text in (*result.notes, *result.problems, *result.undecided):
        click.echo(escape_line(text.in_(chosen)))
    if result.outcome == "holds":
        _write(result, badge, summary, chosen)
    elif badge or summary:
        click.echo(
            localize(
                "No badge or summary was written: only valid certificates get them.",
                "未生成徽章和说明页：只有有效的证书才会生成。",
            ),
            err=True,
        )
    click.echo(_last(result))
    ctx.exit(EXITS[result.outcome])


def describe_certificate(bundle: Bundle) -> Iterator[str]:
    """Yield the content of a certificate, beginning with its limits."""
    from conformance.certificate.bundle import SELF_ATTESTED
    from conformance.reporting.escaping import escape_line

    certificate = bundle.certificate
    subject, run, suite = certificate.subject, certificate.run, certificate.suite
    yield SELF_ATTESTED.in_(current_language())
    names = certificate.of("not-exercised")
    nothing = localize("nothing", "无")
    yield localize(f"not exercised: {', '.join(names) or nothing}", f"未执行：{'、'.join(names) or nothing}")
    yield escape_line(
        localize(f"product: {subject.name} of {subject.vendor}", f"产品：{subject.vendor} 的 {subject.name}")
    )
    own = localize(" (the suite's own emulator)", "（本套件自带的模拟器）") if run.embedded else ""
    yield escape_line(
        localize(
            f"run: {run.id}, started {run.started_at}, target {run.base_url}{own}",
            f"运行：{run.id}，开始于 {run.started_at}，目标 {run.base_url}{own}",
        )
    )
    yield escape_line(
        localize(
            f"judged by: work-conformance {suite.version}, requirement set {suite.catalogue_version}",
            f"判定：work-conformance {suite.version}，要求集 {suite.catalogue_version}",
        )
    )
    yield localize(f"key: {bundle.key.fingerprint}", f"公钥指纹：{bundle.key.fingerprint}")


def _last(result: Verification) -> str:
    if result.outcome == "does-not-hold":
        return localize("Invalid.", "无效。")
    if result.outcome == "cannot-tell":
        return localize("Cannot tell.", "无法断定。")
    assert result.record is not None
    checks = result.record.tally.checks.in_(current_language())
    if result.signer_known:
        return localize(
            f"Valid: signed with the given key; judged again with {checks}.",
            f"有效：签名与所给公钥相符；重新判定的结果：{checks}。",
        )
    return localize(
        f"Valid: integrity only, signer unknown; judged again with {checks}.",
        f"有效：仅核对了完整性，签名者未知；重新判定的结果：{checks}。",
    )


def _read(path: Path) -> bytes:
    """Read the file, but no more than is needed to see that it is too large."""
    from conformance.certificate.bundle import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror
        raise CannotStart(localize(f"{path} cannot be read ({why}).", f"无法读取 {path}（{why}）。")) from None


def _public(path: Path) -> PublicKey:
    from conformance.certificate.signing import UnusableKey, read_public

    try:
        return read_public(path.read_bytes())
    except UnusableKey as error:
        why = error.reason.in_(current_language())
        raise CannotStart(localize(f"--key: {path} {why}.", f"--key：{path} {why}。")) from None
    except OSError as error:
        strerror = error.strerror
        raise CannotStart(
            localize(f"--key: {path} cannot be read ({strerror}).", f"--key：无法读取 {path}（{strerror}）。")
        ) from None


def _write(result: Verification, badge: Path | None, summary: Path | None, lang: Lang) -> None:
    """Write the badge and the page of a valid certificate."""
    from conformance.certificate.badge import endpoint, svg
    from conformance.certificate.summary import markdown

    assert result.bundle is not None
    files: dict[Path, str] = {}
    if badge is not None:
        files[badge / "badge.svg"] = svg(result.bundle.certificate, lang)
        files[badge / "badge.json"] = endpoint(lang)
    if summary is not None:
        files[summary] = markdown(result, lang)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            why = error.strerror
            raise CannotStart(localize(f"{path} cannot be written ({why}).", f"无法写入 {path}（{why}）。")) from None
        click.echo(localize(f"written: {path}", f"已写入：{path}"))
