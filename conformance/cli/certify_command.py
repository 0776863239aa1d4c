"""`work-conformance certify`: create a certificate from a conformant run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.certificate_text import describe_certificate, print_reasons
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.key_command import write_new
from conformance.cli.key_files import read_private_option
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, lang_option_without_parameter
from conformance.cli.policy_option import moment, policy_options, read_policy_option
from conformance.product_names import NamedThing, name_problem

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.certificate.bundle import Bundle
    from conformance.certificate.issue import Request

EXIT_REFUSED = 1


@click.command(
    cls=NoEmptyValuesCommand,
    short_help=localize("Create a certificate from a conformant run.", "为结论为“符合”的运行签发证书。"),
    examples=(
        'work-conformance certify out/ --vendor "Example" --product "Example API" --product-version 2.1 --sign vendor.pem',
    ),
    context_settings={"max_content_width": 100},
    help=localize(
        "Create a certificate from the run in RUN_DIR, of a server or a worker: one signed file that contains the evidence."
        " The run is judged"
        " again first. Requires a run of the whole suite with verified TLS, without waivers, and with every MUST"
        " passed. Otherwise the command prints the reasons and exits with 1.\n\n"
        "Vendor, product and version come from a run with --challenge and --for. Without these the certificate is"
        " unbound, and the names have to be given here.",
        "为 RUN_DIR 中对服务器或 worker 的运行签发证书：一个已签名的文件，内含全部证据。命令先重新判定该运行。只有执行了整个套件、校验了 TLS、"
        "未使用豁免，且每条 MUST 要求都通过时，才会签发；否则列出原因，退出码为 1。\n\n"
        "运行使用了 --challenge 和 --for 时，厂商、产品和版本取自该运行。否则证书是未绑定的，须用下列选项给出名称。",
    ),
)
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--vendor", metavar="NAME", help=localize("Vendor of the product, for an unbound run.", "未绑定运行的厂商名称。")
)
@click.option(
    "--product", metavar="NAME", help=localize("Name of the product, for an unbound run.", "未绑定运行的产品名称。")
)
@click.option(
    "--product-version",
    metavar="VERSION",
    help=localize("Version of the product, for an unbound run.", "未绑定运行的产品版本。"),
)
@click.option(
    "--demo",
    is_flag=True,
    help=localize(
        "Certify a run on the suite's own emulator or reference worker, as a demonstration.",
        "为评测本套件自带的模拟器或参考 worker 的运行签发演示证书。",
    ),
)
@click.option(
    "--witness",
    is_flag=True,
    help=localize(
        "Sign as a witness: the signer ran the suite on the vendor's server with the signer's own challenge.",
        "签名者是见证方：以自己的 challenge 对厂商的服务器运行了套件。",
    ),
)
@click.option(
    "--sign",
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
    "--check",
    is_flag=True,
    help=localize(
        "Only print what the run lacks for a certificate and for the policy; needs no key.",
        "只列出不能签发证书的原因和不满足策略之处；不需要密钥。",
    ),
)
@policy_options
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
@lang_option_without_parameter
@click.pass_context
def command(
    ctx: click.Context,
    run_dir: Path,
    vendor: str | None,
    product: str | None,
    product_version: str | None,
    demo: bool,
    witness: bool,
    sign: Path | None,
    password_env: str | None,
    check: bool,
    policy: str | None,
    at: datetime | None,
    output: Path,
) -> None:
    """Create a certificate, or check whether one could be created."""
    from conformance.certificate.issue import NotEligible, Request, issue

    _check_names(vendor, product, product_version, demo=demo)
    if witness and demo:
        raise CannotStart(localize("--witness contradicts --demo; omit one.", "--witness 与 --demo 矛盾；请去掉其一。"))
    request = Request(
        folder=run_dir,
        vendor=vendor,
        product=product,
        version=product_version,
        kind="demonstration" if demo else "product",
        attestor="witnessed" if witness else "self-attested",
    )
    try:
        if check:
            ctx.exit(_check(request, policy, at))
        if policy is not None or at is not None:
            raise CannotStart(localize("--policy and --at need --check.", "--policy 和 --at 需要 --check。"))
        if sign is None:
            raise CannotStart(
                localize("--sign: name the private key, or use --check.", "--sign：请指定私钥，或使用 --check。")
            )
        bundle, content = issue(request, read_private_option(sign, password_env, "--sign"))
    except NotEligible as refusal:
        print_reasons(refusal.reasons)
        click.echo(localize("No certificate was created.", "未签发证书。"), err=True)
        ctx.exit(EXIT_REFUSED)
    write_new(output, content)
    _print_certificate(bundle, output)


def _check(request: Request, policy: str | None, at: datetime | None) -> int:
    """Print what a certificate of the run would lack, and return the exit code."""
    from conformance.certificate.issue import examine
    from conformance.certificate.policy import Candidate, shortfalls
    from conformance.contract.catalogue import load_catalogue

    rules = read_policy_option(policy)
    found = examine(request)
    demonstration = request.kind == "demonstration"
    candidate = Candidate(evidence=found.evidence, catalogue=load_catalogue().version, witnessed=True)
    missed = [] if demonstration else shortfalls(rules, candidate, at=moment(at))
    print_reasons([*found.reasons, *missed])
    if found.reasons:
        click.echo(localize("The run cannot be certified.", "该运行不能用于签发证书。"))
    elif missed:
        click.echo(localize("Can be certified, but not by the policy.", "可以签发证书，但不满足策略。"))
    else:
        click.echo(localize("Nothing is missing.", "没有欠缺。"))
    return EXIT_REFUSED if found.reasons or missed else 0


def _check_names(vendor: str | None, product: str | None, version: str | None, *, demo: bool) -> None:
    """Check the names that were given.

    Raises:
        CannotStart: one is not what it appears to be, or a demonstration was given a name.
    """
    given: dict[str, tuple[NamedThing, str | None]] = {
        "--vendor": ("vendor", vendor),
        "--product": ("product", product),
        "--product-version": ("version", version),
    }
    for option, (thing, value) in given.items():
        if value is None:
            continue
        if demo:
            raise CannotStart(
                localize(
                    f"{option} contradicts --demo: a demonstration is about no product; omit it.",
                    f"{option} 与 --demo 矛盾：演示证书与任何产品无关；请去掉。",
                )
            )
        problem = name_problem(thing, value)
        if problem is not None:
            why = problem.in_(current_language())
            raise CannotStart(localize(f"{option}: {why}.", f"{option}：{why}。"))


def _print_certificate(bundle: Bundle, output: Path) -> None:
    for line in describe_certificate(bundle):
        click.echo(line)
    click.echo(localize(f"Certificate written to {output}.", f"证书已写入 {output}。"))
