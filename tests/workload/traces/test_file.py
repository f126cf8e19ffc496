"""Files that cannot be used: each is refused with its name, its line or row, the column and a remedy."""

import gzip
import io

import pyarrow as pa
import pytest
from pyarrow import parquet


def parquet_bytes(**columns):
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


HEAD = "time,function,duration\n"
GOOD = "".join(f"{i},f,1\n" for i in range(50_000))


REFUSALS = [
    ("", "trace.csv: is empty"),
    ("\n1\n", "trace.csv:1: begins with an empty line; its first line must name the columns"),
    ("time\n", "trace.csv: has a header but no rows"),
    ("time,function\n\n\n", "trace.csv: has a header but no rows"),
    ("tme\n1\n", "trace.csv:1: no column is called 'time'; rename 'tme' if that is it"),
    ("Time\n1\n", "trace.csv:1: no column is called 'time'; rename 'Time' if that is it"),
    ("time,durations\n1,2\n", "trace.csv:1: 'durations' looks like the column 'duration'; rename or remove it"),
    ("x,y\n1,2\n", "trace.csv:1: no column is called 'time'; the columns are 'x', 'y'"),
    ("1\n2\n", "trace.csv:1: no column is called 'time'; the first line '1' has no comma"),
    ("at;function\n1;f\n", "the first line 'at;function' has no comma; name the columns there, with commas"),
    ("time,time\n1,2\n", "trace.csv:1: two columns are called 'time'; rename or remove one"),
    ("time,function\n1,f\n\n2,f,3\n", "trace.csv:4: has 3 columns where the header has 2"),
    (HEAD + GOOD + "1\n", "trace.csv:50002: has 1 columns where the header has 3"),
    (HEAD + GOOD + "x,f,1\n", "trace.csv:50002: time: 'x' is not a number"),
    ("time\n1\nabc\n", "trace.csv:3: time: 'abc' is not a number"),
    ("time\n1\n\n\n-2\n", "trace.csv:5: time: '-2' is negative; give zero or more"),
    ("time\n1\nnan\n", "trace.csv:3: time: 'nan' is not a time, or one beyond 146 years"),
    ("time\n1\ninf\n", "trace.csv:3: time: 'inf' is not a time, or one beyond 146 years"),
    ("time\n1\n9223372036854775807\n", "trace.csv:3: time: '9223372036854775807' is not a time, or one beyond"),
    ("time\n1\n99999999999999999999\n", "trace.csv:3: time: '99999999999999999999' is not a time, or one beyond"),
    ("time,function\n1,f\n,f\n", "trace.csv:3: time: is empty"),
    ("time,function\n1,f\n2,\n", "trace.csv:3: function: is empty; name a function"),
    ("time,error\n1,0\n2,maybe\n", "trace.csv:3: error: 'maybe' is not 0, 1, true or false"),
    ("time,duration\n1,\n2,-3\n", "trace.csv:3: duration: '-3' is negative; give zero or more"),
    ("time\n1\n3\n2\n", "trace.csv:4: time: '2' is before the row above; sort the file by time"),
    (HEAD + GOOD + "1,f,1\n", "trace.csv:50002: time: '1' is before the row above"),
    ("time\n2026-01-01T00:00:00Z\n5\n", "trace.csv:3: time: '5' is not a date and time with its time zone"),
    ("time\n5\n2026-01-01T00:00:00Z\n", "trace.csv:3: time: '2026-01-01T00:00:00Z' is not a number"),
    ("time\n2026-01-01T00:00:00Z\n2026-01-01T00:00:01\n", "trace.csv:3: time: '2026-01-01T00:00:01' is not a date"),
    ("time\n2026-01-01\n2026-01-02T00:00:00Z\n", "is not a date and time without a time zone, like the first row"),
    ("time\n2026-01-01T00:00:00Z\n3026-01-01T00:00:00Z\n", "trace.csv:3: time: '3026-01-01T00:00:00Z' is not a"),
    ("time\n2026-01-01T00:00:00Z\n2025-01-01T00:00:00Z\n", "trace.csv:3: time: '2025-01-01T00:00:00Z' is before"),
    (
        "time\n1700-01-01\n2200-01-01\n",
        "trace.csv:3: time: '2200-01-01' is more than 146 years (2^62 ns)",
    ),
    ("time\n1700-01-01\n2200-01-01\n1700-01-01\n", "trace.csv:3: time: '2200-01-01' is more than 146 years"),
    ("time\n1700-01-01\n1900-01-01\n1700-01-02\n", "trace.csv:3: time: '1900-01-01' is more than 146 years"),
    ("time\n1700-01-01\n1800-01-01\n1700-01-02\n", "trace.csv:4: time: '1700-01-02' is before the row above"),
    ("time\n1700\n2261-01-01\n", "trace.csv:3: time: '2261-01-01' is not a number"),
    ("time\n1795766400\n1795766401\n", "takes more than five years to replay: write Unix times as dates"),
    ("time,function\n1,f\n2,\xe9\n".encode("latin-1"), "trace.csv:3: is not UTF-8 text; save the file as UTF-8"),
    ("t\xeeme\n1\n".encode("latin-1"), "trace.csv:1: is not UTF-8 text; save it as UTF-8"),
    ("time\n1\n".encode("utf-16"), "trace.csv: is UTF-16 text; save it as UTF-8"),
    (b"\x7fELF\x02\x01\x01\x00\x00\x00\n\x00\x00", "trace.csv: is neither text nor Parquet"),
    (b"x" * 3_000_000, "trace.csv: is neither text nor Parquet"),
    (b"time\n" + b"1" * 5_000_000, "trace.csv: has a line longer than 1 MB: this is no CSV file"),
    (gzip.compress((HEAD + GOOD).encode(), mtime=0)[:-2000], "trace.csv: is damaged or cut off gzip data"),
    (gzip.compress(b"time\n1\n", mtime=0)[:10], "trace.csv: is damaged or cut off gzip data"),
    (b"\x1f\x8b\x08\x00garbage garbage garbage", "trace.csv: is damaged or cut off gzip data"),
    (b"PAR1 but not more", "trace.csv: cannot be read as a table: "),
    (parquet_bytes(time=[1, 2])[:-20], "trace.csv: cannot be read as a table: "),
    (parquet_bytes(tme=[1.0]), "trace.csv: no column is called 'time'; rename 'tme' if that is it"),
    (parquet_bytes(time=pa.array([], pa.float64())), "trace.csv: has a header but no rows"),
    (parquet_bytes(time=[1.0, None]), "trace.csv: time: row 2: is empty"),
    (parquet_bytes(time=[1, -(2**62)]), f"trace.csv: time: row 2: '{-(2**62)}' is negative"),
    (parquet_bytes(time=[2.0, 1.0]), "trace.csv: time: row 2: '1.0' is before the row above"),
    (
        parquet_bytes(time=pa.array([0, 2**50], pa.timestamp("s"))),
        "trace.csv: time: row 2: 'this date' is not a date and time without a time zone",
    ),
    (b"time\r1\r2\r", "trace.csv:1: ends its lines with CR only; save it with LF or CR LF"),
    (b'time,"' + b"x" * 200_000 + b'"\n1,2\n', "trace.csv:1: does not begin with the names of columns"),
    (b"time\n1e308\n", "trace.csv:2: time: '1e308' is not a time, or one beyond 146 years"),
    ("time\n0999-01-01T00:00:00Z\n", "'0999-01-01T00:00:00Z' is not a date and time with its time zone"),
    ('time,function\n1,"f\n2,f\n', "trace.csv:2: function: 'f\\n2,f' is not a name: a name has up to 256 printable"),
    (
        "time,function\n1,f\n2,f:live\n",
        "trace.csv:3: function: 'f:live' is not a name: a colon stands before a version",
    ),
    ("time,function\n1,f\n2," + "x" * 257 + "\n", f"trace.csv:3: function: '{'x' * 60}' is not a name"),
    (parquet_bytes(time=[[1.0]]), "trace.csv: time: row 1: '[1.0]' is not a number"),
    (parquet_bytes(time=pa.array(["2026-01-01", "x"])), "trace.csv: time: row 2: 'x' is not a date and time"),
]


@pytest.mark.parametrize(("content", "message"), REFUSALS, ids=[message for _, message in REFUSALS])
def test_refusals(refusal, content, message):
    assert message in refusal(content, format="events")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("trace.parquet", "trace.parquet: is not a Parquet file: it does not begin with PAR1"),
        ("trace.parquet.gz", "trace.parquet.gz: is not a Parquet file: it does not begin with PAR1"),
    ],
)
def test_a_parquet_file_that_is_none(refusal, name, message):
    assert message in refusal("time\n1\n", name=name, format="events")


def test_a_gzip_file_that_is_none(refusal, tmp_path):
    (tmp_path / "trace.csv.gz").write_text("time\n1\n")
    assert refusal(tmp_path / "trace.csv.gz", format="events").startswith("trace.csv.gz: is not gzip data in spite of")


def test_a_missing_file_and_a_directory(refusal, tmp_path):
    assert refusal(tmp_path / "no.csv", format="events") == "no.csv: cannot be read: No such file or directory"
    (tmp_path / "dir").mkdir()
    assert refusal(tmp_path / "dir", format="events") == "dir: cannot be read: Is a directory"


def test_a_window_beside_the_trace(refusal):
    assert "has no row between from and until" in refusal("time\n1\n", format="events", **{"from": "2s"})


def test_a_trace_without_functions_needs_a_target(refusal):
    assert "has no column called 'function', so the load needs a target" in refusal(
        "time\n1\n", format="events", target=None
    )
