"""A race that no order explains is drawn: who was under way when, what overlapped, whose answers contradict each other."""

from __future__ import annotations

import re

import pytest

from conformance.contract.model import ModelResponse, Operation
from conformance.exchange import Transcript
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.linearizability.history import Event
from conformance.reporting.html import race_diagram
from conformance.reporting.html.page import page
from conformance.reporting.html.race_clock import Clock
from conformance.reporting.html.race_diagram import WIDTH, RaceDiagram, draw_race
from conformance.text import LANGS, Lang, Text
from tests.chapters.race_dialogs import STOP, acks, beside, race
from tests.reporting.run_results import record_of

SAME = "ack.race.same-worker"


def lost_stop() -> tuple[Verdict, Transcript]:
    """A queued item is stopped, and two acks beside that bring it back."""
    dialog = beside("stop", ("starting", "unknown", "stopping"), "starting")
    return dialog.verdict(STOP), dialog.transcript()


def drawn(verdict: Verdict, transcript: Transcript) -> RaceDiagram:
    picture = draw_race(verdict, transcript)
    assert picture is not None
    return picture


def shown(lang: Lang = "en") -> str:
    verdict, transcript = lost_stop()
    return page(record_of(verdict), {verdict.line.scenario: transcript}, lang)


def test_every_request_has_a_bar_and_the_needed_ones_are_marked() -> None:
    picture = drawn(*lost_stop())
    assert [(bar.label.en, bar.role, bar.open) for bar in picture.bars] == [
        ("ack.1 · ack · 200 starting", "beside", False),
        ("ack.2 · ack · unknown", "beside", True),
        ("stop · stop · 200 stopping", "needed", False),
        ("after · get · 200 starting", "needed", False),
    ]
    assert "the GET after the race (`after`) must not show `starting`: by then" in picture.explanation.en


def test_bars_stand_on_one_clock_within_the_picture() -> None:
    picture = drawn(*lost_stop())
    first, second, stop, after = picture.bars
    assert first.x < second.x < stop.x < first.x + first.width < after.x
    assert after.x + after.width == pytest.approx(WIDTH - first.x, abs=0.2)
    assert [bar.y for bar in picture.bars] == sorted({bar.y for bar in picture.bars})
    assert picture.bars[-1].y < picture.clock_y < picture.height
    assert picture.milliseconds.endswith(" ms")


def test_the_stretch_in_which_several_were_under_way_is_shaded() -> None:
    picture = drawn(*lost_stop())
    ((x, width),) = picture.overlaps
    _, second, stop, after = picture.bars
    assert x == second.x
    assert x + width == pytest.approx(second.x + second.width, abs=0.2)
    assert stop.x < x + width < after.x


def test_requests_that_do_not_matter_are_drawn_and_told_apart() -> None:
    dialog = race("race.same-worker", acks("starting", 500, 409, 409), "starting")
    verdict = dialog.verdict(SAME)
    picture = drawn(verdict, dialog.transcript())
    assert [(bar.label.en, bar.role) for bar in picture.bars] == [
        ("ack.1 · ack · 200 starting", "outside"),
        ("ack.2 · ack · 500", "needed"),
        ("ack.3 · ack · 409", "outside"),
        ("ack.4 · ack · 409", "outside"),
    ]
    assert picture.left_out == 0
    text = page(record_of(verdict), {verdict.line.scenario: dialog.transcript()})
    svg = text.partition('<svg class="race"')[2].partition("</svg>")[0]
    assert svg.count('class="outside"') == svg.count("○ ack.") == 3
    assert "○ (dimmed) is not part of the contradiction" in text


def test_a_longer_burst_counts_what_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race_diagram, "_MOST", 3)
    dialog = race("race.same-worker", acks("starting", 500, 409, 409), "starting")
    picture = drawn(dialog.verdict(SAME), dialog.transcript())
    assert [bar.label.en for bar in picture.bars] == ["ack.2 · ack · 500"]
    assert picture.left_out == 3


def test_a_pause_is_drawn_shorter_and_says_how_long_it_was() -> None:
    def event(label: str, invoked: float, completed: float) -> Event:
        return Event(label, Operation("ack", "w"), ModelResponse(200), invoked, completed)

    clock = Clock([event("a", 10.0, 10.02), event("b", 10.01, 10.03), event("get", 12.0, 12.01)])
    assert clock.cut == [(10.03, 12.0)]
    assert clock.length == pytest.approx(2.01)
    places = [clock.place(moment) for moment in (10.0, 10.01, 10.03, 12.0, 12.01)]
    assert places == sorted(places)
    assert places[-1] == pytest.approx(WIDTH - places[0], abs=0.2)
    assert places[3] - places[2] < places[2] - places[0]
    close = Clock([event("a", 0.0, 1.0), event("b", 1.05, 2.0)])
    assert close.cut == []


def test_another_workers_request_names_it() -> None:
    others = {"foreign.1": ("ack", "conformance-0000000000b2")}
    burst = {"ack.1": 409, "foreign.1": "starting"}
    dialog = race("race.foreign-worker", burst, "starting", others=others)  # type: ignore[arg-type]
    picture = drawn(dialog.verdict("ack.race.foreign-worker"), dialog.transcript())
    assert "foreign.1 · ack · Worker-ID conformance-0000000000b2 · 200" in picture.bars[-1].label.en


def test_where_nothing_contradicts_or_nothing_is_known_nothing_is_drawn() -> None:
    verdict, _ = lost_stop()
    assert draw_race(verdict, None) is None
    green = race("race.same-worker", acks("starting", 409, 409, 409), "starting")
    assert draw_race(green.verdict(SAME), green.transcript()) is None


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_draws_it_and_says_it_in_words(lang: Lang) -> None:
    text = shown(lang)
    assert text.count('<svg class="race"') == 1
    picture = text.partition('<svg class="race"')[2].partition("</svg>")[0]
    assert picture.count("◆") == picture.count('class="needed"') == 2
    assert picture.count('class="together"') == 1
    assert len(re.findall(r"<text [^>]*>(?:◆ )?(?:<tspan[^>]*>)?(?:ack\.1|ack\.2|stop|after) ", picture)) == 4
    assert "ack.2 · ack · 未知" in picture
    name = re.search(r'class="race"[^>]*aria-labelledby="([^"]+)"', text)
    assert name is not None
    caption = text.partition(f'<figcaption id="{name[1]}">')[2].partition("</figcaption>")[0]
    assert "must not show" in caption
    assert "不应显示" in caption
    assert " style=" not in text


def test_the_picture_in_text_is_shown_though_another_breach_comes_first() -> None:
    dialog = race("race.same-worker", acks("starting", 409, 409, 409), "queued")
    verdict = dialog.verdict(SAME)
    assert not verdict.failures[0].diagram
    record: RunResult = record_of(verdict)
    assert (verdict.failures[1].diagram or Text("", "")).en.splitlines()[-1] in page(record, {})
    assert '<svg class="race"' not in page(record, {})
    assert '<svg class="race"' in page(record, {verdict.line.scenario: dialog.transcript()})
