"""Every shape in which logs are exported gives the same rows, and what is left out is counted by its reason."""

import csv
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lambdasim.errors import InputError
from lambdasim.logs.log import Log, read_log
from lambdasim.logs.rows import NO_TIME, NONE_US, Ended, Kind
from lambdasim.logs.skipped import Reason, Skipped, account

STREAM = "2026/01/05/[$LATEST]0123456789abcdef0123456789abcdef"
IDS = [f"{i:08x}-1111-4222-8333-{i:012x}" for i in range(1, 9)]
START = datetime(2026, 1, 5, 12, 0, 0, 250_000, UTC)
DURATIONS = (62.48, 12.34, 3000.0, 7.5)


def report(i: int, gap: str = "\t") -> str:
    tails = ("Init Duration: 2528.39 ms\t", "", "Status: timeout", "Status: error\tError Type: Runtime.ExitError")
    parts = (
        f"REPORT RequestId: {IDS[i]}",
        f"Duration: {DURATIONS[i]:.2f} ms",
        f"Billed Duration: {2591 if i == 0 else int(DURATIONS[i]) + 1} ms",
        "Memory Size: 128 MB",
        "Max Memory Used: 36 MB",
        tails[i],
    )
    return gap.join(parts).replace("\t", gap)


def at(i: int) -> datetime:
    return START + timedelta(seconds=i)


def ms(i: int) -> int:
    return int(at(i).timestamp() * 1000)


def iso(i: int) -> str:
    return at(i).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(i: int) -> list[str]:
    return [f"START RequestId: {IDS[i]} Version: $LATEST", f"END RequestId: {IDS[i]}", report(i)]


def table(separator: str, header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([header, *rows])
    return text.getvalue()


def platform(i: int) -> dict[str, object]:
    metrics = {
        "durationMs": DURATIONS[i], "billedDurationMs": 2591 if i == 0 else int(DURATIONS[i]) + 1,
        "memorySizeMB": 128, "maxMemoryUsedMB": 36,
    }  # fmt: skip
    if i == 0:
        metrics["initDurationMs"] = 2528.39
    status = ("success", "success", "timeout", "error")[i]
    record = {"requestId": IDS[i], "metrics": metrics, "status": status}
    return {"time": iso(i), "type": "platform.report", "record": record}


EVENTS = [
    {"logStreamName": STREAM, "timestamp": ms(i), "message": line + "\n", "ingestionTime": ms(i), "eventId": "3"}
    for i in range(4)
    for line in plain(i)
]


def fields(i: int) -> dict[str, str]:
    row = {
        "@timestamp": f"{at(i):%Y-%m-%d %H:%M:%S}.250", "@logStream": STREAM, "@log": "123456789012:/aws/lambda/shop",
        "@requestId": IDS[i], "@duration": str(DURATIONS[i]), "@billedDuration": str(int(DURATIONS[i]) + 1),
        "@memorySize": "1.28E8", "@maxMemoryUsed": "36000000",
    }  # fmt: skip
    return row | ({"@initDuration": "2528.39"} if i == 0 else {})


SHAPES = {
    "text": "\n".join(f"{iso(i)} {STREAM} {line}" for i in range(4) for line in plain(i)),
    "sam logs": "\r\n".join(f"{STREAM} {iso(i).replace('Z', '000')} {line}" for i in range(4) for line in plain(i)),
    "spaces": "\n".join(f"{iso(i)} {STREAM} {report(i, '  ')}" for i in range(4)),
    "escaped": "\n".join(f'"{iso(i)} {STREAM} {report(i)}"'.replace("\t", "\\t") for i in range(4)),
    "one space before a tab": "\n".join(f"{iso(i)} {STREAM} {report(i)}".replace("\t", " \t") for i in range(4)),
    "X-Ray on the line": "\n".join(
        f"{iso(i)} {STREAM} {report(i)}\tXRAY TraceId: 1-5e84-67 SegmentId: 39 Sampled: true" for i in range(4)
    ),
    "console CSV": table(",", ["timestamp", "message"], [[str(ms(i)), x + "\n"] for i in range(4) for x in plain(i)]),
    "Insights CSV": table(
        ",", ["@timestamp", "@message", "@logStream"],
        [[f"{at(i):%Y-%m-%d %H:%M:%S}.250", x, STREAM] for i in (3, 2, 1, 0) for x in plain(i)],
    ),
    "Excel's CSV": "\ufeff" + table(
        ";", ["@timestamp", "@message", "@logStream"],
        [[f"{at(i):%Y-%m-%d %H:%M:%S}.250", x.replace(".", ","), STREAM] for i in range(4) for x in plain(i)],
    ),
    "Insights fields CSV": table(",", list(fields(0)), [[fields(i).get(n, "") for n in fields(0)] for i in range(4)]),
    "Insights JSON": json.dumps(
        [{"@timestamp": iso(i), "@logStream": STREAM, "@message": report(i)} for i in (3, 2, 1, 0)]
    ),
    "GetQueryResults": json.dumps(
        {"results": [[{"field": k, "value": v} for k, v in fields(i).items()] for i in range(4)], "status": "Complete"},
        indent=2,
    ),
    "filter-log-events": json.dumps({"events": EVENTS[:6]}, indent=4) + json.dumps({"events": EVENTS[6:], "x": None}),
    "events one a line": "\n".join(json.dumps(event) for event in EVENTS),
    "subscription filter": "".join(
        json.dumps({"messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/shop", "logStream": STREAM,
                    "logEvents": [{"id": "1", "timestamp": ms(i), "message": x} for x in plain(i)]})
        for i in range(4)
    ),
    "JSON logs": "\n".join(
        json.dumps(x) for i in range(4) for x in ({"level": "INFO", "message": "hello"}, platform(i))
    ),
    "JSON logs, pretty": "\n".join(json.dumps(platform(i), indent=2) for i in range(4)),
    "JSON logs in the console's CSV": table(
        ",", ["timestamp", "message"], [[str(ms(i)), json.dumps(platform(i))] for i in range(4)]
    ),
    "Insights JSON of JSON logs": json.dumps([{"@timestamp": iso(i), "@message": platform(i)} for i in range(4)]),
}  # fmt: skip


def read(tmp_path: Path, text: str | bytes, name: str = "log.txt") -> Log:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_log([str(file)])


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_rows(tmp_path: Path, shape: str) -> None:
    log = read(tmp_path, SHAPES[shape])
    rows = log.rows
    without_status = shape in ("Insights fields CSV", "GetQueryResults")
    assert (rows.duration_us / 1000).tolist() == list(DURATIONS)
    assert rows.time_ns.tolist() == [ms(i) * 10**6 for i in range(4)]
    assert rows.init_us.tolist() == [2_528_390, NONE_US, NONE_US, NONE_US]
    assert rows.memory_mb.tolist() == [128] * 4
    assert rows.used_mb.tolist() == [36] * 4
    assert len(set(rows.identity.tolist())) == 4
    if not without_status:
        assert rows.ended.tolist() == [Ended.WELL, Ended.WELL, Ended.TIMEOUT, Ended.CRASH]
        assert rows.billed_ms.tolist() == [2591, 13, 3001, 8]
    if not shape.startswith(("console", "JSON", "Insights JSON of")):
        assert log.streams == [STREAM]
    assert log.functions == (["shop"] if without_status or shape == "subscription filter" else [])
    assert {reason for reason, count in log.skipped.items() if count} <= {Reason.OTHER}


def test_archives_and_encodings_hold_the_same(tmp_path: Path) -> None:
    text = SHAPES["text"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../etc/../evil\n.log", gzip.compress(text.encode(), mtime=0))
        archive.writestr("folder/", "")
    for content in (
        gzip.compress(text.encode(), mtime=0),
        packed.getvalue(),
        text.encode("utf-16"),
        b"\xef\xbb\xbf" + text.encode(),
    ):
        assert len(read(tmp_path, content, "log.bin").rows) == 4
    assert [file.name for file in tmp_path.rglob("*")] == ["log.bin"]


def test_a_folder_is_read_whole_and_duplicates_count_once(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "000000.gz").write_bytes(gzip.compress(SHAPES["text"].encode(), mtime=0))
    (tmp_path / "export" / "again.csv").write_text(SHAPES["Insights CSV"])
    log = read_log([str(tmp_path / "export")])
    assert len(log.rows) == 4
    assert log.skipped[Reason.DUPLICATE] == 4


def test_retries_of_a_request_are_no_duplicates_and_masked_ids_never_are(tmp_path: Path) -> None:
    twice = "\n".join(f"{iso(i)} {report(1)}" for i in (0, 1))
    assert len(read(tmp_path, twice).rows) == 2
    masked = report(1).replace(IDS[1], "xxxxxxxx-5719-xxxx-xxxx-xxxxxxxxxxxx")
    assert len(read(tmp_path, f"{masked}\n{masked}\n").rows) == 2
    assert len(read(tmp_path, report(1).replace(IDS[1], "undefined")).rows) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (report(0)[:60], Reason.CUT),
        (report(0)[:-20], Reason.CUT),
        (report(1).rstrip() + "\tIn", Reason.CUT),
        (report(1).replace("12.34", "1,234"), Reason.NUMBER),
        (report(1).replace("12.34", "1.2.3"), Reason.NUMBER),
        (report(1).replace("12.34", "99999999.00"), Reason.IMPOSSIBLE),
        (report(1).replace("128 MB", "99999 MB"), Reason.IMPOSSIBLE),
        ("2026-02-30T25:00:00Z " + report(1), Reason.TIME),
        ('{"type":"platform.report","record":{', Reason.JSON),
        ("\tat handler (/var/task/index.js:1:1)", Reason.OTHER),
    ],
)
def test_what_is_left_out_is_counted(tmp_path: Path, line: str, reason: Reason) -> None:
    log = read(tmp_path, f"{report(3)}\n{line}\n")
    assert log.skipped[reason] == 1, log.skipped
    assert len(log.rows) == (2 if reason is Reason.TIME else 1)


def test_rows_with_more_cells_than_the_header_are_left_out(tmp_path: Path) -> None:
    """A decimal comma without quotes moves all cells after it."""
    rows = '2026-09-21 14:13:20,135,"4,24",\n2026-09-21 14:13:21,285,7\n'
    log = read(tmp_path, "@timestamp,@duration,@initDuration\n" + rows, "a.csv")
    assert log.rows.duration_us.tolist() == [285_000]
    assert log.account() == "1 table row with more cells than the header has"


def test_each_reason_has_words_for_one() -> None:
    for reason in Reason:
        assert account(Skipped({reason: 1})) != f"1 {reason.value}"
        assert account(Skipped({reason: 2})) == f"2 {reason.value}"


def test_fields_are_not_taken_for_each_other(tmp_path: Path) -> None:
    text = report(1) + "Restore Duration: 511.25 ms\tBilled Restore Duration: 303 ms\t\n"
    text += f"REPORT RequestId: {IDS[2]}\tInit Duration: 129.73 ms\tDuration: 25.15 ms\tBilled Duration: 200 ms"
    text += "\tMemory Size: 1,024 MB\tMax Memory Used: 72 MB\t\n"
    rows = read(tmp_path, text).rows
    assert rows.duration_us.tolist() == [12_340, 25_150]
    assert rows.restore_us.tolist() == [511_250, NONE_US]
    assert rows.init_us.tolist() == [NONE_US, 129_730]
    assert rows.memory_mb.tolist() == [128, 1024]
    assert rows.time_ns.tolist() == [NO_TIME] * 2


def test_lines_beside_a_report_tell_of_timeouts_and_failed_inits(tmp_path: Path) -> None:
    text = f"""INIT_REPORT Init Duration: 10001.23 ms\tPhase: init\tStatus: timeout
{report(1)}
2024-03-04T17:22:38.033Z {IDS[4]} Task timed out after 3.00 seconds
{report(1).replace(IDS[1], IDS[4])}
INIT_REPORT Init Duration: 300.00 ms\tPhase: init\tStatus: success
"""
    log = read(tmp_path, text)
    assert log.rows.kind.tolist() == [Kind.INIT_FAILED, Kind.REPORT, Kind.REPORT]
    assert log.rows.ended.tolist()[1:] == [Ended.WELL, Ended.TIMEOUT]


def test_several_reports_in_one_message_are_several_invocations(tmp_path: Path) -> None:
    text = table(",", ["timestamp", "message"], [[str(ms(0)), report(1) + "\n" + report(3)]])
    assert read(tmp_path, text).rows.duration_us.tolist() == [12_340, 7_500]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no REPORT line"),
        (b"hello\nworld\n", "2 other lines"),
        (gzip.compress(b"REPORT" * 9999, mtime=0)[:40], "damaged or cut off"),
        (b"PK\x03\x04rubbish", "damaged or cut off"),
        (json.dumps({"events": []}).encode(), "no REPORT line"),
        (b'{"a": ' * 5000, "malformed"),
        (b"[" * 100_000, "no REPORT line"),
    ],
)
def test_what_is_no_log_is_refused_with_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, content, "some.log")
    assert "some.log" in str(caught.value)


def test_missing_files_encrypted_archives_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_log([str(tmp_path / "none.log")])
    with pytest.raises(InputError, match="folder without files"):
        read_log([str(tmp_path)])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.log", SHAPES["text"])
    secret = bytearray(packed.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(mark) + offset] |= 1
    with pytest.raises(InputError, match="encrypted"):
        read(tmp_path, bytes(secret), "a.zip")


def test_long_lines_and_large_documents_are_read_in_pieces(tmp_path: Path) -> None:
    text = "x" * 9_000_000 + "\n" + SHAPES["text"] + "\n" + "y" * 5_000_000
    assert len(read(tmp_path, text).rows) == 4
    filler = [{"message": "z" * 1000, "timestamp": 1} for _ in range(9000)]
    large = json.dumps({"searched": [], "events": [*filler, *EVENTS], "nextToken": "t"})
    log = read(tmp_path, large)
    assert len(log.rows) == 4
    assert log.skipped[Reason.OTHER] == 9000
    assert log.skipped[Reason.JSON] == 0


def test_rows_beyond_those_that_fit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdasim.logs.rows.FIRST_ROWS", 1)
    (tmp_path / "log").write_text(SHAPES["text"])
    log = read_log([str(tmp_path / "log")], most_rows=3)
    assert len(log.rows) == 3
    assert log.skipped[Reason.MANY] == 1
    assert np.array_equal(log.rows.duration_us, read_log([str(tmp_path / "log")]).rows.duration_us[:3])


def test_a_log_of_several_functions_names_them(tmp_path: Path) -> None:
    lines = [f"{iso(i)} 2026/01/05/{name}[$LATEST]{'0' * 31}{i} {report(i)}" for i, name in enumerate(("a", "b-1"))]
    log = read(tmp_path, "\n".join(lines))
    assert log.functions == ["a", "b-1"]
    assert np.array_equal(log.rows.function, [0, 1])


RAISED = {
    "Node.js": ["{time}\t{id}\tERROR\tInvoke Error \t{{}}"],
    "Python": [
        "[ERROR] KeyError: 'key1'",
        "Traceback (most recent call last):",
        '  File "/var/task/f.py", line 4, in h',
    ],
    "Ruby": ["Error raised from handler method", "{{", '  "errorMessage": "no",', "}}"],
    "Go": ['2026/01/05 12:00:01 {{"errorMessage":"no","errorType":"errorString"}}'],
    "Go 1.x": ["no: errorString", "null"],
    "Java": ["no: java.lang.RuntimeException", "java.lang.RuntimeException: no", "\tat example.H.h(H.java:23)"],
    ".NET": ["{time}\t{id}\tfail\tSystem.IO.IOException: no", "   at F.H()", "   at lambda_method1(Closure)"],
}
"""What runtimes write of a handler's error into text logs (Developer Guide, pages on errors of each language)."""
HANDLED = {
    "a line of Python's logging": ["[ERROR]\t{time}\t{id}\tno: it was caught"],
    "a line like an error's": ["[ERROR] Failed to connect"],
    "a stack that Java printed": [
        "java.lang.RuntimeException: no",
        "\tat H.h(H.java:2)",
        "Caused by: java.io.IOException",
    ],
    "a stack that .NET logged": ["{time}\t{id}\tfail\tSystem.IO.IOException: no\n   at F.H()"],
    "a line that ends with a word": ["ERROR: no such fundamental", "type: wrapError of no"],
    "a Go log": ['2026/01/05 12:00:01 {{"level":"error"}}'],
}


def invocation(i: int, told: list[str]) -> list[str]:
    """The second invocation of four has written something."""
    start, *ends = [f"START RequestId: {IDS[i]} Version: $LATEST", f"END RequestId: {IDS[i]}", report(1)]
    lines = [line.format(time=iso(i), id=IDS[i]) for line in told] if i == 1 else []
    return [start, *lines, ends[0], ends[1].replace(IDS[1], IDS[i])]


@pytest.mark.parametrize(("runtime", "told"), [*RAISED.items(), *HANDLED.items()])
def test_errors_of_handlers_are_of_the_invocation_that_wrote_them(
    tmp_path: Path, runtime: str, told: list[str]
) -> None:
    """Lines without times; events of two streams at once, a line each, oldest first; whole events, newest first."""
    untimed = "\n".join(line for i in range(4) for line in invocation(i, told))
    streams = [f"{STREAM[:-1]}{i % 2}" for i in range(4)]
    sam = "\n".join(
        f"{streams[i]} {iso(i)} {line}" for pair in ((0, 1), (2, 3)) for lines in zip(
            *(invocation(i, told) + [""] * (len(told) if i != 1 else 0) for i in pair), strict=True
        ) for i, line in zip(pair, lines, strict=True) if line
    )  # fmt: skip
    whole = []
    for i in range(4):
        start, *ends = invocation(i, [])
        said = ["\n".join(told).format(time=iso(i), id=IDS[i])] if i == 1 else []
        whole += [[iso(i), text, streams[i]] for text in (start, *said, *ends)]
    newest = table(",", ["@timestamp", "@message", "@logStream"], whole[::-1])
    end = Ended.ERROR if runtime in RAISED else Ended.WELL
    shapes = (newest,) if "logged" in runtime else (untimed, sam, newest)  # its lines alone do not tell
    for text in shapes:
        (tmp_path / "log").write_text(text)
        log = read_log([str(tmp_path / "log")])
        assert log.rows.ended.tolist() == [Ended.WELL, end, Ended.WELL, Ended.WELL], text


def test_what_frames_an_invocation_is_no_other_line(tmp_path: Path) -> None:
    for text in (
        "\n".join(plain(1)),
        "\n".join(f"{iso(1)} {STREAM} {line}" for line in plain(1)),
        table(",", ["timestamp", "message"], [[str(ms(1)), line] for line in plain(1)]),
        json.dumps({"events": [{"timestamp": ms(1), "message": line} for line in plain(1)]}),
    ):
        (tmp_path / "log").write_text(text)
        assert not +read_log([str(tmp_path / "log")]).skipped, text
