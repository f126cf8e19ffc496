"""Loops that came with the installation, as one shared library: opened without LLVM, and only if made of these sources.

A wheel gets it from ``hatch_build.py``; it runs on every processor of its architecture that has what ``CPUS`` says.
"""

import ctypes
import hashlib
import json
import logging
import platform
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from lambdasim.machine_code import cache as kept
from lambdasim.machine_code.program import Native

if TYPE_CHECKING:  # whoever only asks for the loops needs no numpy
    from numpy.typing import NDArray

LOG: Final = logging.getLogger("lambdasim")

FOLDER: Final = Path(__file__).parent / "library"
LIBRARY, MANIFEST = "loops.so", "manifest.json"
CHECKSUM: Final = "checksum"

CPUS: Final = {
    "x86_64": ("x86-64-v2", frozenset({"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"})),
    "aarch64": ("generic", frozenset[str]()),
    "arm64": ("apple-m1" if sys.platform == "darwin" else "generic", frozenset[str]()),
}
"""By architecture: the processor that LLVM makes code for, and what it must have, as Linux calls it."""

AGAIN: Final = "install lambdasim again"

PROTOTYPE: Final = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)


@cache
def loops() -> Mapping[str, Native] | None:
    """Return the loops that came with the installation, by name.

    None when there are none, or when they cannot be used here, which is noted.
    """
    try:
        if not (FOLDER / MANIFEST).exists():
            return None
        manifest = json.loads((FOLDER / MANIFEST).read_bytes())
        content = (FOLDER / LIBRARY).read_bytes()
        reason = _reason_against(manifest, content)
        if reason is None:
            library = ctypes.CDLL(str(FOLDER / LIBRARY))
            return {name: taking_arrays(PROTOTYPE((name, library)), library) for name in manifest["loops"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        reason = f"{FOLDER / MANIFEST} is damaged; {AGAIN}"
    except OSError as error:
        reason = f"{error}; {AGAIN}"
    LOG.warning("the machine code that came with lambdasim is left aside: %s", reason)
    return None


def cpu() -> str:
    """Return the processor that LLVM makes code for here."""
    return CPUS[_architecture()][0]


def needed() -> frozenset[str]:
    """Return what a processor of this architecture must have."""
    return CPUS[_architecture()][1]


def manifest_of(library: bytes, loops: Sequence[str], sources: Sequence[str]) -> dict[str, Any]:
    """Return what is written beside a library of loops that was made here of these sources."""
    manifest = {
        "platform": _platform(),
        "loops": [*loops],
        "sources": [*sources],
        "digest": _digest(sources),
        "sha256": hashlib.sha256(library).hexdigest(),
    }
    return {**manifest, CHECKSUM: checksum(manifest)}


def checksum(manifest: Mapping[str, Any]) -> str:
    """Return a checksum of all that a manifest says besides it: a loop that it does not name would be missed late."""
    said = {key: value for key, value in manifest.items() if key != CHECKSUM}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def taking_arrays(function: Callable[[int, int], int], owner: object) -> Native:
    """Return a function that is called with arrays; ``owner`` holds its code in memory.

    A thread's next call has most of its arrays again, whose places are known: numpy takes a microsecond to tell one.
    """
    last = threading.local()

    def native(arrays: "Sequence[NDArray[Any]]", number: int = 0) -> int:
        import numpy as np

        assert owner
        known: list[ref[NDArray[Any]]] | None = getattr(last, "arrays", None)
        if known is None or len(known) != len(arrays):
            known = last.arrays = [ref(array) for array in arrays]
            last.places = np.array([(address(array), len(array)) for array in arrays], np.int64)
            last.address = address(last.places)
        for place, array in enumerate(arrays):
            if known[place]() is not array:
                known[place] = ref(array)
                last.places[place] = address(array), len(array)
        return function(last.address, number)

    return native


def address(array: "NDArray[Any]") -> int:
    """Return where an array is in memory. Numpy takes six times as long to tell; it is asked of records, which it
    describes to others first, and of what is empty or cannot be written.
    """
    if array.dtype.names is None:
        try:
            return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
    return array.ctypes.data


def _reason_against(manifest: Mapping[str, Any], library: bytes) -> str | None:
    if manifest[CHECKSUM] != checksum(manifest):
        raise ValueError
    if manifest["platform"] != _platform():
        return f"it is for {manifest['platform']}, and this is {_platform()}; install a wheel that was built for it"
    if hashlib.sha256(library).hexdigest() != manifest["sha256"]:
        return f"{FOLDER / LIBRARY} is damaged; {AGAIN}"
    if not _is_made_of(manifest["sources"], manifest["digest"]):
        return f"it was made of other sources than are installed; {AGAIN}"
    lacking = needed() - _flags()
    return f"this processor lacks {', '.join(sorted(lacking))}" if lacking else None


def _platform() -> str:
    return f"{sys.platform} {_architecture()}"


def _architecture() -> str:
    return platform.machine().lower().replace("amd64", "x86_64")


def _is_made_of(sources: Sequence[str], digest: str) -> bool:
    return all((kept.PACKAGES / source).is_file() for source in sources) and _digest(sources) == digest


def _digest(sources: Sequence[str]) -> str:
    return kept.name("shipped", [kept.PACKAGES / source for source in sources])


def _flags() -> frozenset[str]:
    """Return what this processor has; where nobody says, all that anybody asks for."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    except OSError:
        flags = ""
    return frozenset(flags.split()) or frozenset.union(*(flags for _, flags in CPUS.values()))
