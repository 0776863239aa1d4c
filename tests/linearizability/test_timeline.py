"""A history as a picture in plain text."""

from __future__ import annotations

from conformance.contract.model import ModelResponse, Operation
from conformance.linearizability.history import Event, timeline
from conformance.reporting.table import width

ACK = Operation("ack", "A")


def test_the_timeline_of_a_lost_stop() -> None:
    events = [
        Event("stop", Operation("stop"), ModelResponse(200, "stopped"), 10.000, 10.040),
        Event("ack-mine", ACK, ModelResponse(200, "starting"), 10.001, 10.0305),
        Event("ack-lost", ACK, ModelResponse(None), 10.010, 10.020),
        Event("poll", Operation("redeliver", "B"), ModelResponse(200, delivered=False), 10.0, 10.0),
        Event("get", Operation("get"), ModelResponse(200, "starting"), 10.05, 10.06),
    ]
    assert timeline(events, width=31) == [
        "          operation  response           from ms  to ms",
        "poll      redeliver  200 not delivered      0.0    0.0  |",
        "stop      stop       200 stopped            0.0   40.0  [===================]",
        "ack-mine  ack        200 starting           1.0   30.5  [==============]",
        "ack-lost  ack        unknown               10.0   20.0       [====?",
        "get       get        200 starting          50.0   60.0                           [====]",
    ]
    assert timeline(events[::-1], width=31) == timeline(events, width=31)


def test_a_timeline_holds_no_text_of_the_target_and_plain_ascii() -> None:
    lines = timeline([Event("确认", ACK, ModelResponse(200, "\x1b[31m<script>"), 1, 1)], width=1)
    assert lines[1].split() == [r"\u786e\u8ba4", "ack", "200", "(another", "state)", "0.0", "0.0", "|"]
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert timeline([]) == []


def test_the_heading_is_translated_and_the_columns_stay_aligned() -> None:
    events = [
        Event("ack.1", ACK, ModelResponse(200, "starting"), 0, 0.01),
        Event("ack.2", ACK, ModelResponse(None), 0, 0.02),
    ]
    heading, *rows = timeline(events, width=11, lang="zh")
    assert heading.split() == ["操作", "响应", "开始", "ms", "结束", "ms"]
    assert rows[1].split()[2] == "未知"
    assert [width(row.partition("[")[0]) for row in rows] == 2 * [width(heading) + 2]
