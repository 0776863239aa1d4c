"""The texts of a proof: its ratios and signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.contract.operations import Profile
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

_WORKER_LABELS: Final[Mapping[str, Text]] = {"healthy": Text("reference worker passes", "参考 worker 通过")}

_SERVER_WORDS: Final[Mapping[str, Text]] = {
    "healthy": Text("The correct emulator.", "正确的模拟器。"),
    "fairness": Text("no check fails on a correct server", "不误判正确的服务器"),
    "subjects": Text(
        "The suite ran on servers that violate the contract in one point each, and on unusual servers that comply with it.",
        "套件在两类服务器上运行：各在一处违反契约的服务器，以及行为特殊但遵守契约的服务器。",
    ),
    "fault": Text("What this server does wrong", "该服务器的错误行为"),
    "variants": Text("Unusual but compliant servers", "行为特殊但合规的服务器"),
}
_WORKER_WORDS: Final[Mapping[str, Text]] = {
    "healthy": Text("The reference worker.", "参考 worker。"),
    "fairness": Text("no check fails on a correct worker", "不误判正确的 worker"),
    "subjects": Text(
        "The suite ran on workers that violate the contract in one point each, and on unusual workers that comply with it.",
        "套件在两类 worker 上运行：各在一处违反契约的 worker，以及行为特殊但遵守契约的 worker。",
    ),
    "fault": Text("What this worker does wrong", "该 worker 的错误行为"),
    "variants": Text("Unusual but compliant workers", "行为特殊但合规的 worker"),
}


def ratio_label(name: str, profile: Profile) -> Text:
    """Return what a ratio counts."""
    return _WORKER_LABELS.get(name, RATIO_LABELS[name]) if profile == "worker" else RATIO_LABELS[name]


def words_of(profile: Profile) -> Mapping[str, Text]:
    """Return the phrases of the page that name what is run on."""
    return _WORKER_WORDS if profile == "worker" else _SERVER_WORDS


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
