"""The page of a registry: a table of its entries, in one language, without scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from conformance.certificate.badge import ATTESTATIONS
from conformance.certificate.canonical import encode_base64
from conformance.registry.entry import Entry
from conformance.registry.files import PAGES, certificate_file, moment_of
from conformance.registry.index import Index
from conformance.registry.validity import NO_END, STANDINGS, Standing, standing_of, valid_until
from conformance.reporting.escaping import escape_line
from conformance.text import LANGS, Lang, Text

_NAMES: Final[Mapping[Lang, str]] = {"en": "English", "zh": "中文"}
_INTRO: Final = Text(
    "Certificates that this authority has verified. They concern the published contract of the Qoder Cloud Agents Work API:"
    " profile ack is a server's ack operation, profile work all eight operations of a server, profile worker a worker.",
    "本机构已验证的证书，依据为 Qoder Cloud Agents Work API 的公开契约：profile ack 指服务器的 ack 操作，"
    "profile work 指服务器的全部八个操作，profile worker 指 worker。",
)
_TABLE: Final = Text("Certificates", "证书")
_EMPTY: Final = Text("No certificate is listed yet.", "尚未登记任何证书。")
_HEADS: Final = (
    Text("Product", "产品"),
    Text("Vendor", "厂商"),
    Text("Profile and requirement set", "profile 与要求集版本"),
    Text("Attested", "证明方式"),
    Text("Run", "运行日期"),
    Text("Listed", "登记日期"),
    Text("Valid until", "有效期至"),
    Text("Status", "状态"),
    Text("Certificate", "证书"),
)
_REVOKED: Final = Text("{status} on {at}: {reason}", "{status}（{at}）：{reason}")
_CHECK: Final = Text(
    "This page shows the registry as of its signature date. To check a certificate today, verify it:",
    "本页反映登记册签名当日的状态。如需核对证书当前的状态，请验证：",
)
_SIGNED: Final = Text(
    "Signed at {at}, number {sequence}, with the key {key}.", "签名时间 {at}，序号 {sequence}，密钥 {key}。"
)
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}"
    "main{max-width:80rem;margin:0 auto;padding:1rem}.language{text-align:right}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #8888;padding:.4rem .6rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}thead th{white-space:nowrap}pre{overflow-x:auto}.date,td code{white-space:nowrap}"
    ".listed{font-weight:600}.revoked,.expired{font-style:italic}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    product: str
    vendor: str
    requirements: str
    attestation: str
    run: str
    listed: str
    until: str
    standing: Standing
    status: str
    file: str
    digest: str


def page(index: Index, entries: Mapping[str, Entry], lang: Lang) -> str:
    """Return the page on the day of the index's signature: newest entries first."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = resources.files("conformance.registry").joinpath("page.html.j2").read_text("utf-8")
    other = next(each for each in LANGS if each != lang)
    newest = sorted(entries.values(), key=lambda entry: (entry.listed_at, entry.digest), reverse=True)
    digest = encode_base64(hashlib.sha256(_STYLE.encode()).digest())
    return environment.from_string(template).render(
        lang=lang,
        name=escape_line(index.name),
        security=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup(_STYLE),  # noqa: S704 - a constant of this module
        other_lang=other,
        other_page=PAGES[other],
        other_name=_NAMES[other],
        rows=[_row(index, entry, lang) for entry in newest],
        words={
            "intro": _INTRO.in_(lang),
            "table": _TABLE.in_(lang),
            "heads": [head.in_(lang) for head in _HEADS],
            "empty": _EMPTY.in_(lang),
            "check": _CHECK.in_(lang),
            "signed": _SIGNED.format(at=index.signed_at, sequence=index.sequence, key=index.signer.fingerprint).in_(
                lang
            ),
        },
    )


def _row(index: Index, entry: Entry, lang: Lang) -> _Row:
    standing, _ = standing_of(entry, index, moment_of(index.signed_at))
    status = STANDINGS[standing]
    if entry.revoked_at is not None and entry.reason is not None:
        status = _REVOKED.format(status=status, at=entry.revoked_at[:10], reason=escape_line(entry.reason))
    until = valid_until(entry, index)
    return _Row(
        product=escape_line(f"{entry.product} {entry.version}"),
        vendor=escape_line(entry.vendor),
        requirements=f"{entry.profile}, {entry.catalogue}",
        attestation=ATTESTATIONS[entry.attestation].in_(lang),
        run=entry.started_at[:10],
        listed=entry.listed_at[:10],
        until=NO_END.in_(lang) if until is None else until[:10],
        standing=standing,
        status=status.in_(lang),
        file=certificate_file(entry.digest),
        digest=entry.digest[:12],
    )
