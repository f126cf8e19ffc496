"""The compiler is told that no record of a loop shares memory with another array (``machine_code/linking.py``), and so
none may; nor do numbers of two kinds.
"""

import json
import subprocess
import sys

import pytest

pytest.importorskip("numba")

CODE = """
import json
import sys

from lambdasim.machine_code import objects, shipped

made, called, shared = shipped.taking_arrays, set(), set()


def read_by_field(record):
    return record.names is None or not all(name.startswith("_") for name in record.names)  # else only prefetched


def watched(function, owner):
    native = made(function, owner)

    def watching(arrays, number=0):
        called.add(len(arrays))
        places = sorted((a.ctypes.data, n, a) for n, a in enumerate(arrays) if a.nbytes and read_by_field(a.dtype))
        for (place, one, array), (after, other, following) in zip(places, places[1:]):
            if after < place + array.nbytes and (array.dtype.names or following.dtype != array.dtype):
                shared.add((len(arrays), one, other))
        return native(arrays, number)

    return watching


objects.taking_arrays = shipped.taking_arrays = watched
from lambdasim.cli.bench import FAMILIES, many_functions

for family in FAMILIES.values():
    family(300).run(engine="compiled")
many_functions(60, 500).run(engine="compiled").save(sys.argv[1], figures=False)
print(json.dumps([len(called), sorted(shared)]))
"""


def test_no_array_of_a_loop_shares_memory_with_another_kind(tmp_path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", CODE, str(tmp_path / "run")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    loops, shared = json.loads(answer.stdout)
    assert loops >= 5
    assert shared == []
