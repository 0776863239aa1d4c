"""The texts of a proof: its ratios and signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.text import Text

RATIO_LABELS: Final[Mapping[str, Text]] = {
    "healthy": Text("correct emulator passes", "正确的模拟器通过"),
    "defects": Text("defects killed for the declared reason", "因所声明的原因被杀死的缺陷"),
    "coarse": Text("timestamp defects killed in whole seconds too", "时间戳只显示整秒时同样被杀死的时间戳缺陷"),
    "checks": Text("MUST and SHOULD checks killed by some defect", "有缺陷能使其失败的 MUST 和 SHOULD 检查"),
    "variants": Text("variants that pass", "通过的变体"),
    "combinations": Text("combinations that pass", "通过的变体组合"),
    "shapes": Text(
        "shapes judged as declared, alone and with a defect",
        "单独运行和带有一个缺陷时，判定结果都与声明一致的偏离形态",
    ),
}

SAMPLE: Final = Text(
    "Sample: {n} of {of} defects, {variants} of {of_variants} variants; {left} runs were left out.",
    "抽样：缺陷 {n}/{of}，变体 {variants}/{of_variants}；略去 {left} 次运行。",
)
"""What a proof says of itself if it ran only part of its runs."""

UNKNOWN: Final = Text("unknown in a sample", "抽样时未知")
"""Beside the ratio of checks, which a sample cannot know."""

SIGNS: Final[Mapping[str, tuple[str, Text]]] = {
    "killed": ("✓", Text("failed (or warned) as declared", "与声明一致地失败（或警告）")),
    "undeclared": ("✗", Text("failed, but not declared", "失败，但未声明")),
    "missed": ("○", Text("declared, but did not fail", "已声明，但未失败")),
}
