"""`work-conformance verify`: verify a certificate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.key_files import read_public_option
from conformance.cli.language import localize
from conformance.cli.options import CannotStart, chosen_language, form_option, lang_option
from conformance.cli.policy_option import DEFAULT, moment, policy_options, read_policy_option
from conformance.cli.registry_option import RegistryAnswer, RegistryQuestion, ask_registry, registry_options
from conformance.cli.regular_file import read_regular_file
from conformance.contract.operations import PROFILES, Profile
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.certificate.policy import Policy
    from conformance.certificate.verification import Outcome, Verification

EXITS: Final[dict[Outcome, int]] = {"holds": 0, "does-not-hold": 1, "cannot-tell": 2}
EXIT_POLICY: Final = 1


@click.command(
    cls=NoEmptyValuesCommand,
    short_help=localize("Verify a certificate.", "验证证书。"),
    context_settings={"max_content_width": 100},
    examples=("work-conformance verify certificate.json --key vendor.pem.pub",),
    help=localize(
        "Verify a certificate offline: its format, its signature, every digest, and every verdict, which is judged again"
        " from the enclosed transcripts.\n\nExit codes: 0 valid, 1 invalid, 2 cannot be verified with the installed"
        " version. Without --key, the signer remains unknown.",
        "离线验证证书：格式、签名、每个摘要，以及依据所附传输记录重新判定的每条结论。\n\n"
        "退出码：0 有效，1 无效或不满足 --policy 的策略，2 当前安装的版本无法验证。不带 --key 时，无法得知签名者。",
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
        "如果证书有效，把 badge.svg 和 badge.json（供 shields.io 使用）写入该目录。",
    ),
)
@click.option(
    "--summary",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=localize(
        "If valid, write a Markdown page about the certificate to this file.",
        "如果证书有效，把说明页（Markdown）写入该文件。",
    ),
)
@click.option(
    "--witness",
    metavar="PUB",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=localize(
        "Public key of a witness, who must have made the run and signed the certificate.",
        "见证方的公钥；见证方须执行运行并签署证书。",
    ),
)
@click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    default=None,
    help=localize(
        "What the certificate must cover; a certificate of profile work covers ack too.",
        "证书必须覆盖的 profile；work 的证书也覆盖 ack。",
    ),
)
@registry_options
@policy_options
@form_option("text", "json")
@lang_option
@click.pass_context
def command(
    ctx: click.Context,
    bundle: Path,
    key: Path | None,
    badge: Path | None,
    summary: Path | None,
    witness: Path | None,
    profile: Profile | None,
    registry: str | None,
    registry_key: Path | None,
    registry_max_age: int | None,
    policy: str | None,
    at: datetime | None,
    form: str,
    lang: str | None,
) -> None:
    """Verify a certificate."""
    from conformance.certificate.bundle import MAX_BYTES
    from conformance.certificate.verification import verify

    chosen = chosen_language(lang)
    content = read_regular_file(bundle, MAX_BYTES)
    result = verify(
        content,
        read_public_option(key, "--key"),
        witness=read_public_option(witness, "--witness"),
        profile=profile,
    )
    if registry is None and registry_max_age is not None:
        raise CannotStart(localize("--registry-max-age needs --registry.", "--registry-max-age 需要 --registry。"))
    rules = read_policy_option(policy)
    max_age = rules.registry_max_age_days if registry_max_age is None else registry_max_age
    question = RegistryQuestion(place=registry, key=registry_key, max_age_days=max_age)
    answer = ask_registry(result.bundle, question, moment(at))
    result.listed = answer is not None and answer.exit_code == 0 and result.outcome == "holds"
    missed = _missed(result, rules, at)
    unmet = policy is not None and bool(missed)
    code = EXIT_POLICY if unmet else EXITS[result.outcome] or (answer.exit_code if answer is not None else 0)
    written = []
    if code == 0:
        written = _write(result, badge, summary, chosen)
    elif badge or summary:
        click.echo(
            localize(
                "No badge or summary was written: only valid certificates that meet the given policy and registry get them.",
                "未生成徽章和说明页：只有有效、且满足所给策略和登记册的证书才会生成。",
            ),
            err=True,
        )
    if form == "json":
        from conformance.certificate.verification_json import verification_json

        said = None if answer is None else answer.to_json()
        data = verification_json(result, missed, policy=policy or DEFAULT, exit_code=code, registry=said)
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        _print(result, missed, answer, written, chosen, policy)
    ctx.exit(code)


def _print(
    result: Verification,
    missed: list[Text],
    answer: RegistryAnswer | None,
    written: list[Path],
    lang: Lang,
    policy: str | None,
) -> None:
    from conformance.cli.certificate_text import describe_certificate, last_line
    from conformance.reporting.escaping import escape_line

    if result.bundle is not None:
        for line in describe_certificate(result.bundle):
            click.echo(line)
    for text in (*result.notes, *result.problems, *result.undecided):
        click.echo(escape_line(text.in_(lang)))
    demonstration = result.bundle is not None and result.bundle.certificate.kind == "demonstration"
    words = localize("policy", "策略") if policy is not None else localize("default policy", "默认策略")
    for text in missed if policy is not None or not demonstration else ():
        click.echo(escape_line(localize(f"{words}: {text.en}", f"{words}：{text.zh}")))
    for text in answer.lines() if answer is not None else ():
        click.echo(escape_line(text.in_(lang)))
    for path in written:
        click.echo(localize(f"written: {path}", f"已写入：{path}"))
    doubt = None if answer is None else answer.doubt
    click.echo(last_line(result, missed_policy=policy is not None and bool(missed), doubt=doubt))


def _missed(result: Verification, rules: Policy, at: datetime | None) -> list[Text]:
    """Return what a valid certificate lacks by the policy."""
    from conformance.certificate.policy import Candidate, shortfalls

    if result.outcome != "holds" or result.bundle is None or result.evidence is None:
        return []
    certificate = result.bundle.certificate
    candidate = Candidate(
        evidence=result.evidence,
        catalogue=certificate.suite.catalogue_version,
        demonstration=certificate.kind == "demonstration",
        witnessed=result.witness_known,
    )
    return shortfalls(rules, candidate, at=moment(at))


def _write(result: Verification, badge: Path | None, summary: Path | None, lang: Lang) -> list[Path]:
    """Write the badge and the page of a valid certificate, and return their paths."""
    from conformance.certificate.badge import endpoint, svg
    from conformance.certificate.summary import markdown

    assert result.bundle is not None
    certificate, attestation = result.bundle.certificate, result.attestation
    files: dict[Path, str] = {}
    if badge is not None:
        files[badge / "badge.svg"] = svg(certificate, lang, attestation)
        files[badge / "badge.json"] = endpoint(certificate, lang, attestation)
    if summary is not None:
        files[summary] = markdown(result, lang)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            why = error.strerror
            raise CannotStart(localize(f"{path} cannot be written ({why}).", f"无法写入 {path}（{why}）。")) from None
    return list(files)
