"""A page about a valid certificate, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.certificate.bundle import Bundle
from conformance.certificate.statement import Certificate
from conformance.certificate.suite_digest import PARTS
from conformance.certificate.verification import Verification
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import Profile
from conformance.evidence import EVIDENCE
from conformance.judging.verdict import WORDS, VerdictKind
from conformance.text import Lang, Text

_TITLE: Final = Text("Certificate of conformance: {name}", "符合性证书：{name}")
_DEMONSTRATION_TITLE: Final = Text("Demonstration, not a product: {name}", "演示，并非产品：{name}")
_WHAT: Final[dict[Profile, Text]] = {
    "ack": Text(
        "With this certificate, {vendor} shows that the server {name} conforms to the published contract of one operation,"
        " `POST …/work/{{work_id}}/ack` of the Qoder Cloud Agents Work API.",
        "厂商 {vendor} 以此证书表明，服务器 {name} 符合 Qoder Cloud Agents Work API 中一个操作"
        "（`POST …/work/{{work_id}}/ack`）的公开契约。",
    ),
    "work": Text(
        "With this certificate, {vendor} shows that the server {name} conforms to the published contract of all eight"
        " operations of the Qoder Cloud Agents Work API.",
        "厂商 {vendor} 以此证书表明，服务器 {name} 符合 Qoder Cloud Agents Work API 全部八个操作的公开契约。",
    ),
    "worker": Text(
        "With this certificate, {vendor} shows that the worker {name} uses the Qoder Cloud Agents Work API as its published"
        " contract says. It says nothing about a server.",
        "厂商 {vendor} 以此证书表明，worker {name} 按照 Qoder Cloud Agents Work API 的公开契约使用该 API。"
        "此证书与任何服务器无关。",
    ),
}
_SAYS_NOTHING: Final = Text(
    "{how} This certificate shows what a certificate looks like, and says nothing about any product.",
    "{how}此证书仅用于展示证书的样式，与任何产品无关。",
)
_ON_EMULATOR: Final = Text("The suite ran on its own emulator.", "套件运行在自带的模拟器上。")
_ON_REFERENCE_WORKER: Final = Text("The suite judged its own reference worker.", "套件评测的是自带的参考 worker。")
_UNBOUND: Final = Text(
    "Unbound: the run named no product before its first request.", "未绑定：该运行在首个请求之前没有指明产品。"
)
_BOUND: Final = Text("Bound before the first request to: {challenge}", "首个请求之前已绑定到：{challenge}")
_EXERCISED: Final = Text("Every requirement was exercised.", "所有要求均已执行。")
_NOT_EXERCISED: Final = Text("Not exercised ({n}): {names}", "未执行（{n} 条）：{names}")
_VERDICTS: Final = Text("Verdicts", "结论")
_HEAD: Final = Text("| Verdict | MUST | SHOULD | OBSERVE |", "| 结论 | MUST | SHOULD | OBSERVE |")
_RUN: Final = Text("The run", "运行")
_DIGESTS: Final = Text("Digests (SHA-256)", "摘要（SHA-256）")
_CHECK: Final = Text(
    "To check it, run `work-conformance verify FILE --key PUB` with the vendor's public key from a source you trust.",
    "核验方式：运行 `work-conformance verify FILE --key PUB`，其中公钥须取自您信任的来源。",
)
_KNOWN: Final = Text("checked with the given key", "已用所给公钥核对")
_UNKNOWN: Final = Text("integrity only, signer unknown", "仅核对完整性，签名者未知")
_EMBEDDED: Final = Text("{url}, the suite's own emulator", "{url}，本套件自带的模拟器")
_BY_HAND: Final = Text("worker: started by hand (`--attach`)", "worker：手动启动（`--attach`）")
_SHORT_LEASES: Final = Text("leases: short", "租约：短租约")
_REAL_LEASES: Final = Text("leases: the documented ones (`--real-leases`)", "租约：与文档一致（`--real-leases`）")
_LEVELS: Final = ("MUST", "SHOULD", "OBSERVE")
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|~&$!])")


def markdown(verification: Verification, lang: Lang) -> str:
    """Return the page about a valid certificate."""
    assert verification.outcome == "holds", "only valid certificates have a page"
    assert verification.bundle is not None
    return "\n".join(_lines(verification.bundle, verification, lang)) + "\n"


def _lines(bundle: Bundle, verification: Verification, lang: Lang) -> Iterator[str]:
    certificate = bundle.certificate
    about = certificate.subject
    names = {"name": _literal(about.name), "vendor": _literal(about.vendor)}
    demonstration = certificate.kind == "demonstration"
    yield f"# {(_DEMONSTRATION_TITLE if demonstration else _TITLE).format(**names).in_(lang)}"
    yield ""
    yield f"**{bundle.attestation.in_(lang)}**"
    yield ""
    yield _binding(certificate).in_(lang)
    yield ""
    yield _not_exercised(certificate).in_(lang)
    yield ""
    yield (_demonstrates(certificate) if demonstration else _WHAT[certificate.profile].format(**names)).in_(lang)
    yield ""
    yield f"## {_VERDICTS.in_(lang)}"
    yield ""
    yield _HEAD.in_(lang)
    yield "| --- | ---: | ---: | ---: |"
    yield from _counts(certificate, lang)
    yield ""
    yield f"## {_RUN.in_(lang)}"
    yield ""
    yield from (f"- {words.in_(lang)}" for words in _facts(certificate))
    yield ""
    yield f"## {_DIGESTS.in_(lang)}"
    yield ""
    yield from _digests(bundle, verification, lang)
    if verification.notes:
        yield ""
        yield from (f"- {_literal(note.in_(lang))}" for note in verification.notes)
    yield ""
    yield _CHECK.in_(lang)


def _demonstrates(certificate: Certificate) -> Text:
    return _SAYS_NOTHING.format(how=_ON_REFERENCE_WORKER if certificate.profile == "worker" else _ON_EMULATOR)


def _binding(certificate: Certificate) -> Text:
    binding = certificate.binding
    return _UNBOUND if binding is None else _BOUND.format(challenge=_literal(binding.challenge))


def _not_exercised(certificate: Certificate) -> Text:
    names = certificate.requirements_with_verdict("not-exercised")
    if not names:
        return _EXERCISED
    return _NOT_EXERCISED.format(n=len(names), names=", ".join(f"`{_code(name)}`" for name in names))


def _counts(certificate: Certificate, lang: Lang) -> Iterator[str]:
    rules = load_catalogue().requirements
    for kind in _kinds(certificate):
        levels = [rules[rule].level for rule in certificate.requirements_with_verdict(kind)]
        yield f"| {WORDS[kind].in_(lang)} | " + " | ".join(str(levels.count(level)) for level in _LEVELS) + " |"


def _kinds(certificate: Certificate) -> list[VerdictKind]:
    return [kind for kind in WORDS if certificate.requirements_with_verdict(kind)]


def _facts(certificate: Certificate) -> Iterator[Text]:
    run, suite = certificate.run, certificate.suite
    if run.worker is not None:
        command = run.worker.command
        yield (
            _BY_HAND
            if command is None
            else Text("worker: `{command}`", "worker：`{command}`").format(command=_code(command))
        )
        yield _REAL_LEASES if run.worker.real_leases else _SHORT_LEASES
    else:
        target = Text(f"`{_code(run.base_url)}`", f"`{_code(run.base_url)}`")
        words = Text("target: {url}", "目标：{url}")
        yield words.format(url=_EMBEDDED.format(url=target) if run.embedded else target)
    yield Text("run `{id}`, started at {at}", "运行 `{id}`，开始于 {at}").format(
        id=_code(run.id), at=_literal(run.started_at)
    )
    if run.worker is None:
        yield Text("source of work items: `{how}`", "work item 的来源：`{how}`").format(how=_code(run.arranged_by))
    yield Text(
        "judged by work-conformance {version}, requirement set {catalogue}",
        "判定版本：work-conformance {version}，要求集版本 {catalogue}",
    ).format(version=_literal(suite.version), catalogue=suite.catalogue_version)


def _digests(bundle: Bundle, verification: Verification, lang: Lang) -> Iterator[str]:
    certificate = bundle.certificate
    entry = Text("- {what}: `{digest}`", "- {what}：`{digest}`")
    signer = _KNOWN if verification.signer_known else _UNKNOWN
    key = Text("key, {how}", "公钥，{how}").format(how=signer)
    yield entry.format(what=key, digest=bundle.key.fingerprint).in_(lang)
    if bundle.second_key is not None:
        second = Text("key of the second signature", "第二个签名的公钥")
        yield entry.format(what=second, digest=bundle.second_key.fingerprint).in_(lang)
    yield entry.format(what=f"`{EVIDENCE}`", digest=_code(certificate.evidence)).in_(lang)
    for part, words in PARTS.items():
        yield entry.format(what=words, digest=_code(certificate.suite.digests[part])).in_(lang)


def _literal(text: str) -> str:
    """Return external text with all markup escaped."""
    return _MARKUP.sub(r"\\\1", text)


def _code(text: str) -> str:
    """Return text that is safe between back quotes."""
    return text.replace("`", "'").replace("|", "¦")
