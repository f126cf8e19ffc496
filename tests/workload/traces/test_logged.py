"""Traces in other people's words and AWS's own formats: columns, units, metrics, REPORT lines and access logs."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logged_lines import ORIGIN_S, line

from lambdasim.cli import main
from lambdasim.config.load import config_from_dict
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MIN, NS_PER_MS, NS_PER_S
from lambdasim.workload.trace import TraceLoad, open_trace


def opened(
    tmp_path: Path, content: str | bytes, target: str | None = "api", name: str = "trace", **trace: Any
) -> TraceLoad:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    load = {"trace": {"file": str(file), **trace}} | ({"target": target} if target else {"name": "all"})
    config = config_from_dict(
        {"function": {"api": {"duration": "constant(1s)", "init": "constant(1s)"}}, "load": [load]}
    ).config
    return open_trace(config.load[0], target, seed=0)


def seconds(load: TraceLoad) -> list[float]:
    return [time / NS_PER_S for block in load.blocks() for time in block.arrival_ns.tolist()]


@pytest.mark.parametrize(
    ("first", "second", "unit"),
    [
        ("1767571200", "1767571201.5", "unix-s"),
        ("1767571200000", "1767571201500", "unix-ms"),
        ("2026-01-05T01:00:00+01:00", "2026-01-04T19:00:01.5-05:00", "s"),
        ("0", "1500", "ms"),
    ],
)
def test_columns_of_other_names_have_units_of_their_own(tmp_path: Path, first: str, second: str, unit: str) -> None:
    text = f"time,@timestamp,fn,took\nx,{first},a,80\ny,{second},b,\n"
    columns = {"time": "@timestamp", "function": "fn", "duration": "took"}
    units = {"time": unit, "duration": "ms"}
    load = opened(tmp_path, text, None, format="events", columns=columns, units=units)
    (block,) = load.blocks()
    assert seconds(load) == [0, 1.5]
    assert load.functions == ("a", "b")
    assert block.duration_ns is not None
    assert block.duration_ns.tolist() == [80 * NS_PER_MS, -1]


def test_parquet_has_renamed_columns_too(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"at": [0, 60, 120], "n": [1, 0, 2], "time": [9, 9, 9]}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    load = opened(tmp_path, content, format="counts", columns={"time": "at", "count": "n"}, within_bin="even")
    assert [int(time // 60) for time in seconds(load)] == [0, 2, 2]
    assert load.ends_ns == 3 * NS_PER_MIN


@pytest.mark.parametrize(
    ("columns", "text", "says"),
    [
        ({"time": "@timestmp"}, "@timestamp\n1\n", "no column is called '@timestmp'; did you mean '@timestamp'?"),
        ({"time": "when"}, "when,x\nsoon,1\n", "when: 'soon' is not a number"),
        ({}, "when,x\n1,1\n", "no column is called 'time'"),
    ],
)
def test_messages_have_the_names_of_the_file(tmp_path: Path, columns: dict[str, str], text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        opened(tmp_path, text, format="events", columns=columns)
    assert says in str(caught.value)


def test_report_lines_arrive_when_they_ended_less_what_they_took(tmp_path: Path) -> None:
    text = line(2, 11, 1500.0) + line(1, 10, 2000.0, 500.0) + "noise\n"
    load = opened(tmp_path, gzip.compress(text.encode()), format="reports")
    (block,) = load.blocks()
    assert seconds(load) == [0, 2]
    assert load.gives == ("duration", "init", "error")
    assert block.duration_ns is not None
    assert block.duration_ns.tolist() == [2 * NS_PER_S, 1.5 * NS_PER_S]
    assert block.init_ns is not None
    assert block.init_ns.tolist() == [NS_PER_S // 2, -1]


def test_durations_with_an_init_are_none_and_time_outs_time_out_again(tmp_path: Path) -> None:
    """An init that failed runs within the next Duration of its environment, and so does the one after a crash."""
    failed = line(0, 9, 1, stream="a").split("REPORT")[0] + "INIT_REPORT Init Duration: 10001.23 ms\tStatus: timeout\n"
    text = failed + "".join(
        line(i, 20 * i, duration, stream=stream, tail=tail)
        for i, (duration, stream, tail) in enumerate(
            ((10_866.62, "a", ""), (80, "b", ""), (3000, "a", "Status: timeout"), (900, "a", ""),
             (70, "b", "Status: error\tError Type: Runtime.ExitError"), (850, "b", ""), (60, "b", "")), 1
        )
    )  # fmt: skip
    load = opened(tmp_path, text, format="reports")
    (block,) = load.blocks()
    assert block.duration_ns is not None
    assert block.error is not None
    given = [round(ns / NS_PER_MS) if ns >= 0 else None for ns in block.duration_ns.tolist()]
    assert given == [None, 80, 3001, None, 70, None, 60]
    assert block.error.tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert seconds(load)[:2] == pytest.approx([0, 40 - 0.08 - (20 - 10.86662)])


def test_a_target_takes_its_own_lines_of_a_log_of_several_functions(tmp_path: Path) -> None:
    names = ("api", "b")
    two = "".join(line(i, i, 80).replace(" REPORT", f" {names[i % 2]}[$LATEST]{i:032x} REPORT") for i in range(1, 10))
    assert len(seconds(opened(tmp_path, two, format="reports"))) == 4
    load = opened(tmp_path, two, None, format="reports")
    assert sorted(load.functions) == ["api", "b"]
    assert len(seconds(load)) == 9


def alb(second: float, created: bool = True, kind: str = "https") -> str:
    def at(offset: float) -> str:
        stamp = np.datetime64(int((ORIGIN_S + offset) * 1e6), "us")
        return f"{stamp}Z"

    tail = f'1 {at(second - 0.3)} "forward" "-" "-"' if created else ""
    return (
        f'{kind} {at(second)} app/my-alb/50dc6c 192.168.131.39:2817 - 0.100 0.150 0.050 200 200 34 366 '
        f'"GET https://www.example.com:443/a b?q=\\"x\\" HTTP/1.1" "curl \\"7\\"" ECDHE TLSv1.2 arn:aws:tg "Root=1-58" '
        f'"www.example.com" "arn" {tail}'.rstrip()
    )  # fmt: skip


def test_a_load_balancers_requests_arrive_when_they_were_made(tmp_path: Path) -> None:
    text = "\n".join([alb(10), alb(3), alb(5, created=False), alb(6, kind="tls"), "garbage"])
    assert seconds(opened(tmp_path, text, format="alb-log")) == pytest.approx([0, 2, 7])
    with pytest.raises(InputError, match="no request that can be read"):
        opened(tmp_path, "hello\n", format="alb-log")
    with pytest.raises(InputError, match="needs a target"):
        opened(tmp_path, text, None, format="alb-log")


GATEWAY = {
    "JSON": "\n".join(json.dumps({"requestTimeEpoch": str((ORIGIN_S + s) * 1000 + 250)}) for s in (4, 0, 2)),
    "CLF": "\n".join(f'1.2.3.4 - - [05/Jan/2026:00:00:{s:02d} +0000] "GET /x HTTP/1.1" 200 12 id' for s in (4, 0, 2)),
    "CSV": "\n".join(f"1.2.3.4,05/Jan/2026:00:00:{s:02d} +0000,GET,200" for s in (4, 0, 2)),
    "CloudWatch": json.dumps({"events": [
        {"timestamp": (ORIGIN_S + s) * 1000 + 900,
         "message": json.dumps({"requestTime": f"05/Jan/2026:00:00:{s:02d} +0000"})}
        for s in (4, 0, 2)
    ]}),
}  # fmt: skip


@pytest.mark.parametrize("shape", GATEWAY)
def test_access_logs_of_api_gateway_are_arrivals_of_whole_seconds(tmp_path: Path, shape: str) -> None:
    load = opened(tmp_path, GATEWAY[shape], format="apigateway-log")
    assert [int(time) for time in seconds(load)] == [0, 2, 4]
    exact = [time % 1 for time in seconds(load)]
    assert (exact == [0, 0, 0]) == (shape == "JSON"), "whole seconds do not say when in them"


def series(**more: Any) -> dict[str, Any]:
    stamps = [f"2026-01-05T00:0{minute}:00+00:00" for minute in (7, 5, 0)]
    return {"Id": "m1", "Label": "checkout Invocations", "Timestamps": stamps, "Values": [3.0, 0.0, 2.0],
            "StatusCode": "Complete", **more}  # fmt: skip


METRICS = {
    "GetMetricData": json.dumps({"MetricDataResults": [series()], "Messages": []}, indent=2),
    "its pages": json.dumps({"MetricDataResults": [series(Timestamps=series()["Timestamps"][:1], Values=[3.0],
                                                          StatusCode="PartialData")], "NextToken": "t"})
    + json.dumps({"MetricDataResults": [series(Timestamps=series()["Timestamps"][1:], Values=[0.0, 2.0])]}),
    "GetMetricStatistics": json.dumps({"Label": "Invocations", "Datapoints": [
        {"Timestamp": f"2026-01-05T0{zone}:0{minute}:00+0{zone}:00", "Sum": count, "Unit": "Count"}
        for minute, zone, count in ((5, 1, 0.0), (7, 1, 3.0), (0, 0, 2.0))
    ]}),
}  # fmt: skip


@pytest.mark.parametrize("shape", METRICS)
def test_metrics_of_cloudwatch_are_traffic(tmp_path: Path, shape: str) -> None:
    """Periods that are missing count nothing; the step of a minute is that of all times together."""
    load = opened(tmp_path, METRICS[shape], format="cloudwatch", within_bin="even")
    assert [int(time // 60) for time in seconds(load)] == [0, 0, 7, 7, 7]
    assert load.ends_ns == 8 * NS_PER_MIN


def test_the_metric_that_is_meant_is_asked_for(tmp_path: Path) -> None:
    two = json.dumps({"MetricDataResults": [series(), series(Id="e1", Label="Errors", Values=[1.0, 0.0, 0.0])]})
    with pytest.raises(InputError, match=r"no metric called 'Invocations'; .* meant: 'checkout Invocations', 'Errors'"):
        opened(tmp_path, two, format="cloudwatch")
    assert len(seconds(opened(tmp_path, two, format="cloudwatch", metric="e1"))) == 1
    average = {"Label": "x", "Datapoints": [{"Timestamp": "2026-01-05T00:00:00Z", "Average": 1}]}
    with pytest.raises(InputError, match="without a Sum"):
        opened(tmp_path, json.dumps(average), format="cloudwatch")
    short = json.dumps({"MetricDataResults": [series(Values=[1.0]), series(Timestamps=[], Values=[])]})
    with pytest.raises(InputError, match=r"trace: .* is not complete \(3 Timestamps and 1 Values\); get it again"):
        opened(tmp_path, short, format="cloudwatch")
    for status, says in (("Forbidden", "not complete"), ("PartialData", "its next page is missing")):
        with pytest.raises(InputError, match=says):
            opened(tmp_path, json.dumps({"MetricDataResults": [series(StatusCode=status)]}), format="cloudwatch")
    with pytest.raises(InputError, match="has no metric of CloudWatch; give what get-metric-data"):
        opened(tmp_path, alb(1), format="cloudwatch")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@timestamp,@message\n2026-01-05 00:00:09.500,b\n2026-01-05 00:00:01.000,a\n", [0, 8.5]),
        ("bin(1m),count(*)\n2026-01-05 00:02:00.000,1\n2026-01-05 00:00:00,2\n2026-01-05 00:01:00,0\n", [0, 0, 120]),
        (json.dumps([{"@timestamp": "2026-01-05T00:00:09.5Z"}, {"@timestamp": "2026-01-05T00:00:01Z"}]), [0, 8.5]),
        (json.dumps({"results": [[{"field": "bin(1m)", "value": f"2026-01-05 00:0{m}:00"},
                                  {"field": "count", "value": "1"}]
                                 for m in (1, 0)]}), [0, 60]),
    ],
)  # fmt: skip
def test_results_of_insights_are_arrivals_newest_first(tmp_path: Path, text: str, expected: list[float]) -> None:
    load = opened(tmp_path, text, format="insights", within_bin="even")
    whole = [time - time % 60 if "count" in text else time for time in seconds(load)]
    assert whole == expected


def test_windows_scale_and_speed_hold_for_logs_too(tmp_path: Path) -> None:
    text = "".join(line(i, i, 0.0) for i in range(100))
    load = opened(tmp_path, text, format="reports", **{"from": "10s", "until": "20s", "speed": 2, "scale": 3})
    times = seconds(load)
    assert len(times) == 30
    assert min(times) >= 0
    assert max(times) < 5
    with pytest.raises(InputError, match="between from and until"):
        opened(tmp_path, text, format="reports", **{"from": "1000s"})


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (line(1, 2, 80) + line(2, 3, 80)[:90] + "\n" + "other\n", {"format": "reports"},
         "left out: 1 other line, 1 REPORT line that is cut off"),
        (line(1, 2, 80) + line(2, 3, 80).split(" ", 1)[1], {"format": "reports"},
         "left out: 1 invocation without a time"),
        ("".join(line(i, i, 80) for i in range(20)) + line(20, 90_000, 80), {"format": "reports"},
         "1 time lies 25 h after all others"),
        ('{"requestTime": "27/Nov/2026:10:00:00 +0000"}\n{"status": "200"}\n', {"format": "apigateway-log"},
         "left out: 1 other line"),
        ("@timestamp\n2026-11-27 10:00:00.000\nnever\n2026-11-27 10:00:00.000,1\n", {"format": "insights"},
         "left out: 1 time that cannot be read, 1 table row with more cells than the header has"),
    ],
)  # fmt: skip
def test_what_is_not_replayed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: dict[str, str], says: str
) -> None:
    (tmp_path / "a.log").write_text(text)
    trace = ", ".join(f'{key} = "{value}"' for key, value in (options | {"file": str(tmp_path / "a.log")}).items())
    functions = '[function.api]\nduration = "constant(1s)"\ninit = "constant(1s)"\n'
    (tmp_path / "a.toml").write_text(f'{functions}[[load]]\ntarget = "api"\ntrace = {{ {trace} }}\n')
    for command in (["check"], ["run", "--out", str(tmp_path / "out"), "--no-figures", "--engine", "simpy"]):
        assert main([command[0], str(tmp_path / "a.toml"), *command[1:]]) == 0
        assert f"a.log: {says}" in capsys.readouterr().err


def test_a_metric_without_sums_is_told_so(tmp_path: Path) -> None:
    points = [{"Timestamp": f"2026-11-27T10:0{i}:00Z", "Average": 1.0} for i in range(5)]
    with pytest.raises(InputError, match="'Invocations' has 5 periods without a Sum; ask for Statistics Sum"):
        opened(tmp_path, json.dumps({"Label": "Invocations", "Datapoints": points}), format="cloudwatch")


def test_what_a_load_has_to_say_is_asked_for_at_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = {"MetricDataResults": [series(Id="a", Label="A"), series(Id="b", Label="B")]}
    (tmp_path / "m.json").write_text(json.dumps(metrics))
    (tmp_path / "a.log").write_text(line(1, 2, 80))
    (tmp_path / "t.csv").write_text("time\n1\n")
    text = '[function.api]\nduration = "constant(1s)"\ninit = "constant(1s)"\n'
    for file, form in (("m.json", "cloudwatch"), ("a.log", "reports"), ("t.csv", "events")):
        target = 'target = "api"\n' if form == "cloudwatch" else f'name = "{form}"\n'
        text += f'[[load]]\n{target}trace = {{ file = "{file}", format = "{form}" }}\n'
    (tmp_path / "x.toml").write_text(text)
    for command in ("check", "run"):
        assert main([command, str(tmp_path / "x.toml")]) == 2
        told = capsys.readouterr().err.replace(f"{tmp_path}/", "").splitlines()
        assert told == [
            "x.toml:6: load.0.trace.metric: m.json has no metric called 'Invocations'; say which of its own is meant: "
            "'A', 'B'",
            "x.toml:7: load.1.target: a.log names no function in some of its lines, so the load needs a target",
            "x.toml:10: load.2.target: t.csv has no column called 'function', so the load needs a target",
        ]
