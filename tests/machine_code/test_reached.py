"""What a function is made of: exactly the files of what it names, directly or not."""

import sys
from types import ModuleType

import pytest

from lambdasim.machine_code.reached import reached

SOURCES = {
    "__init__": "BITS = 3",
    "start": """
from parts import BITS, numbers, words
from parts.deep import inner as renamed
import sys

def plain(a: words.Kind) -> int:
    return a + numbers.ONE

def late():
    from parts.later import value
    return value

def earlier():
    from parts import words as own
    return own.KEYS

def elsewhere():
    from parts import numbers as own
    return own.ONE

def outer():
    return renamed()

def whole():
    return getattr(numbers, "ONE")

def of_table():
    return TABLE

def of_package():
    return BITS

def unpacked():
    return SECOND

class Row:
    kind: words.Kind = BITS

TABLE = {}
for key in words.KEYS:
    TABLE[key] = 1
FIRST, SECOND = numbers.ONE, 2
""",
    "numbers": "from parts import words\nONE = TWO // 2\nTWO = int(words.Kind.TWO)",
    "words": "KEYS = [1]\nclass Kind:\n    TWO = 2",
    "deep": "from parts.later import value\ndef inner():\n    return None",
    "later": "value = 1",
}


@pytest.fixture
def package(tmp_path, monkeypatch) -> None:
    (tmp_path / "parts").mkdir()
    for name, text in SOURCES.items():
        (tmp_path / "parts" / f"{name}.py").write_text(text, encoding="utf-8")
    module = ModuleType("parts")
    module.__file__ = str(tmp_path / "parts" / "__init__.py")
    monkeypatch.setitem(sys.modules, "parts", module)


@pytest.mark.parametrize(
    ("function", "files"),
    [
        ("plain", ["numbers", "words"]),  # through ONE, TWO and the class; a type alone would not count
        ("late", ["later"]),
        ("outer", ["deep"]),
        ("earlier", ["numbers", "words"]),  # one name for two things in two functions: both count
        ("whole", ["numbers", "words"]),
        ("of_table", ["words"]),  # a statement that changes it counts
        ("of_package", ["__init__"]),
        ("Row", ["__init__"]),
        ("unpacked", ["numbers", "words"]),
    ],
)
def test_files(package, function: str, files: list[str]) -> None:
    assert reached([f"parts.start:{function}"]) == sorted(f"parts/{name}.py" for name in ["start", *files])


def test_a_type_of_an_argument_does_not_count(package, tmp_path) -> None:
    (tmp_path / "parts" / "start.py").write_text("from parts import words\ndef f(a: words.Kind) -> words.Kind: ...")
    assert reached(["parts.start:f"]) == ["parts/start.py"]
