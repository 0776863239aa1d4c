"""A badge of two fields: an SVG without external fonts or files, and the JSON of shields.io's endpoint badge."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{aria_label}">
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The content of a badge. `colour` is that of the right field, as `#rrggbb`."""

    label: str
    message: str
    colour: str

    def svg(self, title: str) -> str:
        """Return the SVG; `title` is its tooltip."""
        left, right = _width(self.label), _width(self.message)
        return _SVG.format(
            width=left + right,
            left=left,
            flat=right - _CORNER,
            label_at=left // 2,
            message_at=left + right // 2,
            colour=self.colour,
            label=escape(self.label),
            message=escape(self.message),
            aria_label=escape(f"{self.label}: {self.message}", {'"': "&quot;"}),
            title=escape(title),
        )

    def endpoint(self) -> str:
        """Return the JSON that shields.io renders as a badge."""
        data = {
            "schemaVersion": 1,
            "label": self.label,
            "message": self.message,
            "color": self.colour.lstrip("#"),
        }
        return json.dumps(data, ensure_ascii=False) + "\n"


def _width(text: str) -> int:
    """Return the width in pixels of a text of size 11, with padding."""
    return _PADDING + sum(11 if unicodedata.east_asian_width(char) in "WF" else 7 for char in text)
