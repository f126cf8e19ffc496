"""Lines of keys in every way TOML lets one write them."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.config.positions import dotted, index_lines
from lambdasim.config.toml_writer import to_toml

TEXT = '''\
# a comment with = and [brackets]
name = "a # no comment"
question = """
several
lines = "of" text
"""
a.b.c = 1

[function.api]   # header
memory = "1 GB"
'quoted key' = 'x = 1'
"dotted.key" = true

[function."*"]
provisioned = { concurrency = 20, nested = { deep = [1,
  2] } }

[[load]]
target = "api"
stages = [
  { duration = "30s", target = "900/s" },  # one
  # a comment
  { duration = "15min",
    target = "900/s" },
]
[load.trace]
file = \'\'\'t.csv\'\'\'
when = 2026-11-27 08:00:00

[[load]]
target = "api"
[load.client]
mode = "legacy"

[slo]
"checkout.latency" = ["p99 < 800ms",
  "p50 < 1s"]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("question",), 3),
        (("a",), 7),
        (("a", "b", "c"), 7),
        (("function",), 9),
        (("function", "api"), 9),
        (("function", "api", "memory"), 10),
        (("function", "api", "quoted key"), 11),
        (("function", "api", "dotted.key"), 12),
        (("function", "*"), 14),
        (("function", "*", "provisioned"), 15),
        (("function", "*", "provisioned", "concurrency"), 15),
        (("function", "*", "provisioned", "nested", "deep", "0"), 15),
        (("function", "*", "provisioned", "nested", "deep", "1"), 16),
        (("load",), 18),
        (("load", "0"), 18),
        (("load", "0", "target"), 19),
        (("load", "0", "stages"), 20),
        (("load", "0", "stages", "0", "target"), 21),
        (("load", "0", "stages", "1"), 23),
        (("load", "0", "stages", "1", "target"), 24),
        (("load", "0", "trace"), 26),
        (("load", "0", "trace", "file"), 27),
        (("load", "0", "trace", "when"), 28),
        (("load", "1"), 30),
        (("load", "1", "target"), 31),
        (("load", "1", "client", "mode"), 33),
        (("slo", "checkout.latency", "0"), 36),
        (("slo", "checkout.latency", "1"), 37),
    ],
)
def test_line(path: tuple[str, ...], line: int) -> None:
    assert index_lines(TEXT)[path] == line


@pytest.mark.parametrize(
    "text",
    [
        'a = """x"""""\nb = 1',
        "a = '''x'''''\nb = 1",
        'a = "\\\\"\nb = 1',
        'a = "\\""\nb = 1',
        'a = """\\""""\nb = 1',
        'a = [[1, 2], ["]", "#"], []]\nb = 1',
        "a = {}\nb = 1",
        "a = { b = 'c,}' , d.e = [ {} ] }\nb = 1",
        "a = -1.5e3 # ,]}\nb = 1",
        "a = 2026-11-27T08:00:00Z\nb = 1",
    ],
)
def test_next_key_is_found_after_any_value(text: str) -> None:
    assert tomllib.loads(text)["b"] == 1
    assert index_lines(text)[("b",)] == 2


_KEYS = st.text("ab1-_ .\"'#é\n", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.integers(-5, 5) | st.booleans() | st.text("ab\"'\\#[]{},=\n\t é", max_size=6) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


def _paths(value: object, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path for key, item in items for path in [(*at, str(key)), *_paths(item, (*at, str(key)))]}


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_every_path_of_a_document_has_a_line(tree: dict[str, object]) -> None:
    text = to_toml(tree)
    lines = index_lines(text)
    assert set(lines) == _paths(tree)
    assert all(1 <= line <= text.count("\n") for line in lines.values())


def test_dotted() -> None:
    assert dotted(("slo", "a.b", "0")) == 'slo."a.b".0'
