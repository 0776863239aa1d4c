"""In the picture of the states no label covers another label, a state or an arrow, whatever a target does."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from conformance.contract.model import PHASES
from conformance.exchange import Transcript
from conformance.reporting.html.state_diagram import StateDiagram, draw_state_diagram
from conformance.reporting.html.state_layout import HALF, HALF_HEIGHT, LOOP_ROW, LOOPS, WIDTH

from .sample_runs import exchange, item, transcript

LETTER = 7.3
"""The width of a letter of the page's 12 px monospaced font, rounded up."""

ASCENT, DESCENT = 10, 3
Box = tuple[float, float, float, float]


def text_box(x: float, y: float, text: str) -> Box:
    half = LETTER * len(text) / 2
    return x - half, y - ASCENT, x + half, y + DESCENT


def labels(diagram: StateDiagram) -> Iterator[Box]:
    for arc in diagram.arcs:
        for y, label in arc.rows:
            yield text_box(arc.x, y, f"✗ {label}" if arc.failure else label)
    for node in diagram.nodes:
        for number, (label, _) in enumerate(node.self_loops):
            yield text_box(node.x, diagram.line + LOOPS + LOOP_ROW * number, f"↻ {label}")


def states(diagram: StateDiagram) -> Iterator[Box]:
    for node in diagram.nodes:
        yield node.x - HALF, diagram.line - HALF_HEIGHT, node.x + HALF, diagram.line + HALF_HEIGHT


def strokes(path: str) -> Iterator[Box]:
    """The straight pieces of an arrow; its bends are within eight pixels of their ends."""
    x = y = 0.0
    for command, text in re.findall(r"([MLHVQ])([-\d. ]+)", path):
        numbers = [float(number) for number in text.split()]
        to_x = numbers[0] if command == "H" else x if command == "V" else numbers[-2]
        to_y = numbers[0] if command == "V" else y if command == "H" else numbers[-1]
        if command != "M":
            yield min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)
        x, y = to_x, to_y


def cover(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def usual() -> StateDiagram:
    return draw_state_diagram([], set())


def chaotic() -> StateDiagram:
    """A target on which each operation leads from every state to every other, with every status below each."""
    said: list[Transcript] = []
    for before, after in itertools.permutations(PHASES, 2):
        for operation, sent in (("ack", None), ("heartbeat", None), ("stop", '{"force": true}'), ("stop", "{}")):
            said.append(
                transcript(
                    exchange("get", "get", 200, item(before), at=(0, 1)),
                    exchange("it", operation, 200, item(after), at=(2, 3), sent=sent),
                    exchange("again", operation, 400 + len(said) % 30, {}, at=(4, 5), sent=sent),
                )
            )
    return draw_state_diagram([*said] * 9, {("retry.active", "it")})


@pytest.mark.parametrize("diagram", [usual(), chaotic()], ids=["usual", "chaotic"])
def test_no_label_covers_anything(diagram: StateDiagram) -> None:
    every = list(labels(diagram))
    for one, other in itertools.combinations(every, 2):
        assert not cover(one, other)
    for label in every:
        assert not any(cover(label, state) for state in states(diagram))
        assert not any(cover(label, stroke) for arc in diagram.arcs for stroke in strokes(arc.path)), label


@pytest.mark.parametrize("diagram", [usual(), chaotic()], ids=["usual", "chaotic"])
def test_everything_is_within_the_picture(diagram: StateDiagram) -> None:
    strokes_drawn = [stroke for arc in diagram.arcs for stroke in strokes(arc.path)]
    for box in [*labels(diagram), *states(diagram), *strokes_drawn]:
        assert box[0] >= 0, box
        assert box[1] >= 0, box
        assert box[2] <= WIDTH, box
        assert box[3] <= diagram.height, box


def test_no_two_lanes_share_a_height_or_a_port() -> None:
    lanes = [arc.path for arc in chaotic().arcs if "Q" in arc.path]
    heights = [re.findall(r"Q\d+ (\d+)", path)[0] for path in lanes]
    assert len(set(heights)) == len(heights)
    ports = [port for path in lanes for port in (path.split()[0][1:], path.split("Q")[-1].split()[0] + "end")]
    assert len(set(ports)) == len(ports)


def test_a_long_list_below_a_state_keeps_its_failures_and_counts_the_rest() -> None:
    said = [
        transcript(
            exchange("get", "get", 200, item("active"), at=(0, 1)),
            exchange(f"ack.{n}", "ack", 400 + n, {}, at=(2, 3)),
        )
        for n in range(30)
    ]
    loops = {node.phase: node.self_loops for node in draw_state_diagram(said, {("retry.active", "ack.29")}).nodes}
    assert loops["active"][0] == ("ack 429 ×1", True)
    assert loops["active"][-1] == ("… (+19)", False)
    assert len(loops["active"]) == 12
