"""Numbers with their noun: `1 check`, `2 checks`, `2 项检查`."""

from __future__ import annotations

from conformance.text import Text


def amount(number: int, one: str, several: str, zh: str) -> Text:
    """Return a number with the noun in its right form; `zh` is the classifier with the noun."""
    return Text(f"{number} {one if number == 1 else several}", f"{number} {zh}")


def checks(number: int) -> Text:
    """Return `1 check`, `2 checks`."""
    return amount(number, "check", "checks", "项检查")


def requirements(number: int) -> Text:
    """Return `1 requirement`, `2 requirements`."""
    return amount(number, "requirement", "requirements", "条要求")


def scenarios(number: int) -> Text:
    """Return `1 scenario`, `2 scenarios`."""
    return amount(number, "scenario", "scenarios", "个场景")


def scope_text(shown: int, judged: int) -> Text:
    """Return in how many of several scenarios that judged something it was found: `all 3 scenarios that judged it`."""
    if shown >= judged:
        return Text(f"all {judged} scenarios that judged it", f"判定了它的全部 {judged} 个场景")
    return Text(f"{shown} of the {judged} scenarios that judged it", f"判定了它的 {judged} 个场景中的 {shown} 个")


def causes(number: int) -> Text:
    """Return `1 cause`, `2 causes`."""
    return amount(number, "cause", "causes", "个原因")
