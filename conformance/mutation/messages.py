"""The words of a proof: its figures and its signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.text import Text

RATIO_LABELS: Final[Mapping[str, Text]] = {
    "healthy": Text("healthy emulator green", "正常的模拟器通过"),
    "defects": Text("defects killed for the declared reason", "因声明的原因被杀死的缺陷"),
    "coarse": Text(
        "defects that move a timestamp, killed in whole seconds too", "移动时间戳且在整秒显示下同样被杀死的缺陷"
    ),
    "checks": Text("MUST and SHOULD checks with a killer", "有缺陷可将其杀死的 MUST 与 SHOULD 检查"),
    "variants": Text("variants green", "通过的变体"),
    "combinations": Text("combinations green", "通过的变体组合"),
    "shapes": Text(
        "foreign shapes judged as declared, alone and with a defect", "单独及带有一个缺陷时，结论如声明的外来形态"
    ),
}

SIGNS: Final[Mapping[str, tuple[str, Text]]] = {
    "killed": ("✓", Text("failed (or warned of) as declared", "如声明的那样失败（或警告）")),
    "undeclared": ("✗", Text("failed, and not declared", "失败，但未声明")),
    "missed": ("○", Text("declared, and not failed", "已声明，但未失败")),
}
