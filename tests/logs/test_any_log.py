"""Whatever a log holds, it is read or refused in one sentence, nothing is executed, and all is accounted for."""

import gzip
import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from logged_lines import line

from lambdasim.errors import InputError
from lambdasim.logs.access import gateway, load_balancer
from lambdasim.logs.instants import instant, unix_ns
from lambdasim.logs.json_values import objects
from lambdasim.logs.log import read_log
from lambdasim.logs.report import number
from lambdasim.logs.rows import NO_TIME, Kind
from lambdasim.logs.series import metric_data, query_rows
from lambdasim.logs.skipped import Skipped

LINE = line(1, 1, 80.0, 400.0, stream="a")
FRAGMENTS = st.sampled_from(
    [
        LINE, LINE[:90], LINE[90:], LINE * 2, "REPORT RequestId: ", "INIT_REPORT Status: error\n", "\t", "\n", "\r\n",
        '"', ",", ";", "timestamp,message\n", "@timestamp,@duration\n", "@timestamp,@message,@logStream\n", "{", "}",
        "[", "]", '{"type":"platform.report","record":', '{"metrics":{"durationMs":', '{"events":[', '{"results":[[',
        "null", "1e999", "NaN", "-1", "99999999999999999999", "Duration: ", " ms", "Billed Duration: 1,234 ms",
        "Memory Size: 128 MB", "Task timed out after 3.00 seconds", "\\t", "\x00", "\ufeff", "\ud7ff",
        "2026-01-05T00:00:00Z", "[$LATEST]" + "a" * 32, '{"field":"@duration","value":"', "x" * 5000,
        "=cmd|' /C calc'!A0", "../../etc/passwd",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=20), max_size=25).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["events", "results", "message", "@message", "@duration", "timestamp", "record", "type", "metrics",
             "stats", "durationMs", "field", "value", "logStreamName", "Datapoints", "MetricDataResults",
             "Timestamps", "Values", "x"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("/etc/cron.d/a", content)
    return packed.getvalue()


CONTENTS = (
    st.binary(max_size=200)
    | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | TEXTS.map(lambda text: text.encode("utf-16", "surrogatepass"))
    | JSON.map(lambda value: json.dumps(value).encode())
    | TEXTS.map(lambda text: gzip.compress(text.encode("utf-8", "surrogatepass"))[:-3])
    | TEXTS.map(lambda text: zipped(text.encode("utf-8", "surrogatepass")))
    | st.binary(max_size=60).map(lambda rest: b"PK\x03\x04" + rest)
    | st.binary(max_size=60).map(lambda rest: b"\x1f\x8b" + rest)
)


def read_or_refused(read: Any, path: Path) -> Any:
    try:
        return read(path)
    except InputError as error:
        said = str(error)
    assert str(path) in said
    assert len(said) < 1500
    return None


@settings(max_examples=200, deadline=None)
@given(content=CONTENTS)
@example(content=b'{"a":' * 3000)
@example(content=b'{"a{' * 3000)
@example(content=LINE.encode().replace(b"-1111-", b"-\xff\xfe-").replace(b"Billed ", b"Billed  "))
@example(content=b'timestamp,message\n1,"' + LINE.encode() * 2000)
@example(content=b'{"results": {"stats": [{"value": [], "averageDuration": {}}, 3]}}')
@example(content=b'{"type":"platform.report","record":{"metrics":{"durationMs":1e400},"requestId":[1]}}')
def test_any_bytes_are_a_log_or_refused(tmp_path_factory: Any, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    file = folder / "log"
    file.write_bytes(content)
    log = read_or_refused(lambda path: read_log([str(path)]), file)
    assert [one.name for one in folder.iterdir()] == ["log"]
    if log is not None:
        rows = log.rows
        assert ((rows.time_ns == NO_TIME) | (rows.time_ns > 0)).all()
        assert (rows.duration_us[rows.kind == Kind.REPORT] <= 3_600_000_000).all()
        assert rows.stream.max(initial=-1) < len(log.streams)
        assert rows.function.max(initial=-1) < len(log.functions)
        assert all(count >= 0 for count in log.skipped.values())


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS)
def test_any_bytes_are_an_access_log_or_nothing(tmp_path_factory: Any, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "log"
    file.write_bytes(content)
    for read in (load_balancer, gateway, metric_data, lambda path, skipped: query_rows(path, {}, skipped)):
        read_or_refused(lambda path, read=read: read(str(path), Skipped()), file)


ENDS_OF_LINES = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@given(
    noise=st.lists(
        st.text(st.characters(exclude_characters=ENDS_OF_LINES, exclude_categories=("Cs",)), max_size=40), max_size=8
    ),
    places=st.lists(st.integers(0, 8), min_size=1, max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_other_lines_between_change_nothing(tmp_path_factory: Any, noise: list[str], places: list[int]) -> None:
    """Every invocation is found among whatever else is logged, and what else there is, is counted."""
    lines = [text for text in noise if "REPORT" not in text and "platform." not in text]
    for i, place in enumerate(places):
        lines.insert(min(place, len(lines)), line(i + 1, i, 10.0 + i).rstrip("\n"))
    lines.insert(0, "begin")
    file = tmp_path_factory.mktemp("any") / "log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    log = read_log([str(file)])
    assert sorted(log.rows.duration_us.tolist()) == [10_000 + 1000 * i for i in range(len(places))]
    assert sum(log.skipped.values()) == len(lines) - len(places)


@given(st.lists(JSON, max_size=6), st.sampled_from(["", "\n", ",\n", " "]), st.sampled_from([None, 2]))
def test_json_in_a_row_is_read_like_json(values: list[Any], between: str, indent: int | None) -> None:
    """However documents follow each other, their objects are those that a JSON parser finds."""
    skipped = Skipped()
    text = between.join(json.dumps({"x": value}, indent=indent) for value in values)
    found = list(objects(io.BytesIO(text.encode()), skipped))
    assert json.dumps(found) == json.dumps([{"x": value} for value in values])
    assert not sum(skipped.values())


@given(st.text(max_size=30) | st.integers() | st.floats() | st.none() | st.booleans())
def test_any_value_is_a_time_or_none(value: Any) -> None:
    found = instant(value)
    assert found is None or 1_388_534_400 * 10**9 <= found < 4_102_444_800 * 10**9
    many = unix_ns([value, value], Skipped())
    assert many.tolist() == [NO_TIME if found is None else found] * 2


@given(
    st.datetimes(datetime(2014, 1, 2), datetime(2099, 1, 1)),
    st.sampled_from(["Z", "+00:00", ""]),
    st.sampled_from("T "),
)
def test_times_are_exact_however_they_are_written(moment: Any, zone: str, between: str) -> None:
    text = moment.isoformat(between, "milliseconds") + zone
    ms = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert instant(text) == ms * 10**6
    assert unix_ns([text, None, ""], Skipped()).tolist() == [ms * 10**6, NO_TIME, NO_TIME]
    assert instant(str(ms)) in (ms * 10**6, None)


@given(st.floats(0, 1e6).map(lambda value: round(value, 2)))
def test_numbers_are_read_with_either_mark(value: float) -> None:
    assert number(f"{value:.2f}") == value
    assert number(f"{value:.2f}".replace(".", ",")) == value
    assert number(f"{value:,.2f}") == value
