"""What the terminal shows of a certificate and of its verification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from conformance.cli.language import current_language, localize

if TYPE_CHECKING:
    from conformance.certificate.bundle import Bundle
    from conformance.certificate.statement import Certificate, Run
    from conformance.certificate.verification import Verification
    from conformance.text import Text


def describe_certificate(bundle: Bundle) -> Iterator[str]:
    """Yield the content of a certificate, beginning with its limits."""
    from conformance.reporting.escaping import escape_line

    certificate = bundle.certificate
    subject, run, suite = certificate.subject, certificate.run, certificate.suite
    yield bundle.attestation.in_(current_language())
    names = certificate.requirements_with_verdict("not-exercised")
    nothing = localize("nothing", "无")
    yield localize(f"not exercised: {', '.join(names) or nothing}", f"未执行：{'、'.join(names) or nothing}")
    yield escape_line(
        localize(f"product: {subject.name} of {subject.vendor}", f"产品：{subject.vendor} 的 {subject.name}")
    )
    yield escape_line(_binding(certificate))
    judged = _judged(run)
    yield escape_line(
        localize(
            f"run: {run.id}, started {run.started_at}, {judged}", f"运行：{run.id}，开始于 {run.started_at}，{judged}"
        )
    )
    yield escape_line(
        localize(
            f"judged by: work-conformance {suite.version}, profile {certificate.profile},"
            f" requirement set {suite.catalogue_version}",
            f"判定版本：work-conformance {suite.version}，profile {certificate.profile}，要求集 {suite.catalogue_version}",
        )
    )
    yield localize(f"key: {bundle.key.fingerprint}", f"公钥指纹：{bundle.key.fingerprint}")
    if bundle.second_key is not None:
        yield localize(
            f"also signed with the key: {bundle.second_key.fingerprint}",
            f"另有密钥签名：{bundle.second_key.fingerprint}",
        )


def print_reasons(reasons: Iterable[Text]) -> None:
    """Print reasons on standard error, one per line."""
    from conformance.reporting.escaping import escape_line

    for reason in reasons:
        click.echo(escape_line(reason.in_(current_language())), err=True)


def last_line(result: Verification, *, missed_policy: bool, doubt: Text | None = None) -> str:
    """Return the result in one sentence; `doubt` is a clause of what a registry says against it."""
    if result.outcome == "does-not-hold":
        return localize("Invalid.", "无效。")
    if result.outcome == "cannot-tell":
        return localize("Cannot tell.", "无法判断。")
    if missed_policy:
        return localize("Valid, but the policy is not met.", "有效，但不满足策略。")
    if doubt is not None:
        return localize(f"Valid, but {doubt.en}.", f"有效，但{doubt.zh}。")
    assert result.record is not None
    assert result.bundle is not None
    checks = result.record.tally.judged_checks_text.in_(current_language())
    valid = localize("Valid", "有效")
    if result.bundle.certificate.kind == "demonstration":
        valid = localize("Valid demonstration, not a product", "有效的演示证书，并非产品")
    if result.listed:
        return localize(
            f"{valid}: listed in the registry with the given key; judged again: {checks}.",
            f"{valid}：已列入用所给密钥签名的登记册；重新判定的结果：{checks}。",
        )
    if result.signer_known:
        return localize(
            f"{valid}: signed with the given key; judged again: {checks}.",
            f"{valid}：签名与所给公钥相符；重新判定的结果：{checks}。",
        )
    return localize(
        f"{valid}: integrity only, signer unknown; judged again: {checks}.",
        f"{valid}：仅核对了完整性，签名者未知；重新判定的结果：{checks}。",
    )


def _judged(run: Run) -> str:
    """Return what the run judged: the address of a server, or the command of a worker with its leases."""
    if run.worker is None:
        own = localize(" (the suite's own emulator)", "（本套件自带的模拟器）") if run.embedded else ""
        return localize(f"target {run.base_url}{own}", f"目标 {run.base_url}{own}")
    by_hand = localize("started by hand (--attach)", "手动启动（--attach）")
    how = by_hand if run.worker.command is None else run.worker.command
    leases = localize("short leases", "短租约")
    if run.worker.real_leases:
        leases = localize("documented leases (--real-leases)", "与文档一致的租约（--real-leases）")
    return localize(f"worker {how}, {leases}", f"worker {how}，{leases}")


def _binding(certificate: Certificate) -> str:
    if certificate.form == 1:
        return localize("unbound: made before runs could be bound", "未绑定（早于绑定功能的证书）")
    if certificate.binding is None:
        return localize("unbound: the run named no product before it began", "未绑定：该运行开始前没有指明产品")
    return localize(
        f"bound before the run to: {certificate.binding.challenge}",
        f"运行前已绑定到：{certificate.binding.challenge}",
    )
