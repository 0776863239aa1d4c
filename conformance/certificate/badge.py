"""The badge of a certificate that holds: an SVG, and JSON for the endpoint badge of shields.io."""

from __future__ import annotations

import json
import unicodedata
from typing import Final
from xml.sax.saxutils import escape

from conformance.certificate.statement import Certificate
from conformance.text import Lang, Text

LABEL: Final = Text("work ack contract", "work ack 契约")
MESSAGE: Final = Text("certified", "已认证")

_TITLE: Final = Text(
    "{name} of {vendor}: certified by the vendor itself, catalogue {catalogue}",
    "{vendor} 的 {name}：由厂商自证，目录版本 {catalogue}",
)
_COLOUR: Final = "#2c7a3f"
_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{spoken}">
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="#444"/>
<path d="M{left} 0h{flat}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{flat}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{label_at}" y="14">{label}</text>
<text x="{message_at}" y="14">{message}</text>
</g>
</svg>
"""
_CORNER: Final = 3
_PADDING: Final = 12


def svg(certificate: Certificate, lang: Lang) -> str:
    """The picture. It needs no font or file from elsewhere."""
    label, message = LABEL.in_(lang), MESSAGE.in_(lang)
    left, right = _width(label), _width(message)
    about = certificate.subject
    title = _TITLE.format(name=about.name, vendor=about.vendor, catalogue=certificate.suite.catalogue_version)
    return _SVG.format(
        width=left + right,
        left=left,
        flat=right - _CORNER,
        label_at=left // 2,
        message_at=left + right // 2,
        colour=_COLOUR,
        label=escape(label),
        message=escape(message),
        spoken=escape(f"{label}: {message}"),
        title=escape(title.in_(lang)),
    )


def endpoint(lang: Lang) -> str:
    """The JSON that shields.io makes a badge of."""
    data = {"schemaVersion": 1, "label": LABEL.in_(lang), "message": MESSAGE.in_(lang), "color": _COLOUR.lstrip("#")}
    return json.dumps(data, ensure_ascii=False) + "\n"


def _width(text: str) -> int:
    """Pixels that a text of 11 takes, and room beside it."""
    return _PADDING + sum(11 if unicodedata.east_asian_width(char) in "WF" else 7 for char in text)
