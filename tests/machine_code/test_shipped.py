"""Machine code that comes with an installation: it is used where it fits, and left aside with one line where not."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lambdasim
from lambdasim.machine_code import shipped

pytest.importorskip("numba")
pytestmark = [
    pytest.mark.skipif(shutil.which(os.environ.get("CC", "cc")) is None, reason="nothing to link with"),
    pytest.mark.skipif(sys.platform == "win32", reason="no such linker"),
]

RUN = """
import json, sys
import lambdasim as ls
load = {"executor": "constant-arrival-rate", "rate": "20/s", "duration": "10s"}
function = {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "constant(1s)"}
experiment = ls.Experiment(
    functions={"f": function, "g": function}, loads=[{**load, "target": "f"}, {**load, "target": "jobs"}],
    sources={"jobs": {"type": "sqs", "function": "g"}}, output={"dir": "."},
)
summary = experiment.run(engine=sys.argv[1]).summary
loaded = [name for name in ("numba", "llvmlite") if name in sys.modules]
engine = summary.pop("engine")
summary.pop("wall_s")
print(json.dumps([engine, loaded, summary]))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """The library as a wheel gets it."""
    from lambdasim.machine_code import ship

    folder = tmp_path_factory.mktemp("library")
    environment = {**os.environ, "NUMBA_CPU_FEATURES": "", "NUMBA_CPU_NAME": shipped.cpu()}
    subprocess.run([sys.executable, "-m", ship.__name__, str(folder)], env=environment, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def installation(tmp_path_factory, library) -> Path:
    """A copy of the package that carries it."""
    site = tmp_path_factory.mktemp("site")
    ignored = shutil.ignore_patterns("__pycache__", "library")
    shutil.copytree(Path(lambdasim.__file__).parent, site / "lambdasim", ignore=ignored)
    shutil.copytree(library, site / "lambdasim" / "machine_code" / "library")
    return site


def run(
    site: Path, cache: Path, *, engine: str = "auto", before: str = "", **environment: str
) -> tuple[dict, list, dict, str]:
    """Return engine, loaded compilers and summary of a run by a process, and what it said."""
    own = {**os.environ, "PYTHONPATH": str(site), "LAMBDASIM_CACHE_DIR": str(cache), **environment}
    own["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", before + RUN, engine], env=own, capture_output=True, text=True, cwd=site, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return *json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def expected(installation, tmp_path_factory) -> dict:
    """The numbers, by SimPy."""
    engine, _, summary, _ = run(installation, tmp_path_factory.mktemp("none"), engine="simpy")
    assert engine["used"] == "simpy"
    return summary


NO_NUMBA = """
import importlib.abc, importlib.util, sys
class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("numba", "llvmlite") else find(name, *rest)
"""


@pytest.mark.parametrize("before", ["", NO_NUMBA], ids=["with Numba", "without"])
def test_auto_takes_it_and_loads_no_compiler(installation, expected, tmp_path, before: str) -> None:
    (tmp_path / "file").write_text("")
    engine, loaded, summary, said = run(installation, tmp_path / "file" / "no cache", before=before, PATH="/nowhere")
    assert engine == {"used": "compiled", "reason": "auto: the installation carries its machine code"}
    assert (loaded, said) == ([], "")
    assert summary == expected


def cut(folder: Path) -> None:
    file = folder / shipped.LIBRARY
    file.write_bytes(file.read_bytes()[:-100])


def gone(folder: Path) -> None:
    (folder / shipped.LIBRARY).unlink()


def manifest(folder: Path) -> dict:
    return json.loads((folder / shipped.MANIFEST).read_text())


def of_another_processor(folder: Path) -> None:
    change(folder, platform="linux pdp11")


def no_library(folder: Path) -> None:
    (folder / shipped.LIBRARY).write_bytes(b"no library")
    change(folder, sha256=hashlib.sha256(b"no library").hexdigest())


def stale(folder: Path) -> None:
    rules = folder.parents[1] / "model" / "rules.py"
    rules.write_text(rules.read_text() + "# edited\n")


def unreadable(folder: Path) -> None:
    (folder / shipped.LIBRARY).unlink()
    (folder / shipped.LIBRARY).mkdir()


def a_loop_less(folder: Path) -> None:
    said = manifest(folder)
    (folder / shipped.MANIFEST).write_text(json.dumps({**said, "loops": said["loops"][1:]}))


def change(folder: Path, **values: str) -> None:
    changed = {**manifest(folder), **values}
    (folder / shipped.MANIFEST).write_text(json.dumps({**changed, shipped.CHECKSUM: shipped.checksum(changed)}))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "is damaged"),
        (gone, "No such file"),
        (a_loop_less, "manifest.json is damaged"),
        (of_another_processor, "it is for linux pdp11"),
        (no_library, "too short" if sys.platform == "linux" else ""),
        (stale, "made of other sources"),
        (unreadable, "Is a directory"),
    ],
)
def test_what_does_not_fit_is_left_aside_with_one_line(installation, expected, tmp_path, damage, words: str) -> None:
    shutil.copytree(installation, tmp_path / "site")
    damage(tmp_path / "site" / "lambdasim" / "machine_code" / "library")
    engine, _, summary, said = run(tmp_path / "site", tmp_path / "cache")
    assert engine == {"used": "simpy", "reason": "auto: fewer than 200,000 requests"}
    assert words in said
    assert "; install " in said
    assert said.count("\n") == 1
    assert summary == expected


def without(key: str):
    return lambda said: {own: value for own, value in said.items() if own != key}


DAMAGED = {
    "empty": lambda _: b"",
    "cut": lambda said: json.dumps(said).encode()[:-9],
    "no JSON": lambda _: b"loops",
    "no text": lambda _: b"\xff\xfe\x00",
    "endless": lambda _: b"[" * 100_000,
    "a list": lambda _: [1],
    "a number": lambda _: 1,
    "null": lambda _: None,
    "no loops": without("loops"),
    "no sources": without("sources"),
    "of a version without a checksum": without(shipped.CHECKSUM),
    "a loop too few": lambda said: {**said, "loops": said["loops"][:-1]},
    "a loop too many": lambda said: {**said, "loops": [*said["loops"], "queue.arrive_twice"]},
    "all loops too few": lambda said: {**said, "loops": []},
    "loops that are no list": lambda said: {**said, "loops": 7},
    "loops that are no names": lambda said: {**said, "loops": [None]},
    "a source too few": lambda said: {**said, "sources": said["sources"][1:]},
    "another digest": lambda said: {**said, "digest": "0"},
    "another checksum": lambda said: {**said, shipped.CHECKSUM: 0},
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_manifest_that_is_not_as_it_was_written_is_left_aside_with_one_line(
    damage: str, monkeypatch, caplog, tmp_path
) -> None:
    content = b"a library"  # no such file is ever opened
    (tmp_path / shipped.LIBRARY).write_bytes(content)
    said = DAMAGED[damage](shipped.manifest_of(content, ["event_loop", "plain_loop"], ["lambdasim/errors.py"]))
    (tmp_path / shipped.MANIFEST).write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped.ctypes, "CDLL", lambda _: pytest.fail("it is opened"))
    assert shipped.loops.__wrapped__() is None
    [line] = caplog.messages
    assert line.endswith("manifest.json is damaged; install lambdasim again")


def test_a_folder_that_cannot_be_looked_into_is_left_aside_too(monkeypatch, caplog) -> None:
    monkeypatch.setattr(shipped, "FOLDER", Path("/" + "long" * 100))  # whoever is root may look into all others
    assert shipped.loops.__wrapped__() is None
    assert "is left aside" in caplog.text


def test_a_processor_that_lacks_something_is_told(monkeypatch, library) -> None:
    monkeypatch.setattr(shipped, "FOLDER", library)
    monkeypatch.setattr(shipped, "_flags", frozenset)
    manifest = json.loads((library / shipped.MANIFEST).read_text())
    reason = shipped._reason_against(manifest, (library / shipped.LIBRARY).read_bytes())
    assert reason == (f"this processor lacks {', '.join(sorted(shipped.needed()))}" if shipped.needed() else None)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions")
def test_without_anything_that_helps_simpy_gives_the_same(installation, expected, tmp_path) -> None:
    shutil.copytree(installation, tmp_path / "site")
    cut(tmp_path / "site" / "lambdasim" / "machine_code" / "library")
    engine, _, summary, _ = run(tmp_path / "site", tmp_path, before=NO_NUMBA, PATH="/nowhere")
    assert engine == {"used": "simpy", "reason": "auto: the package numba is not installed"}
    assert summary == expected


def test_compiled_where_nothing_can_be_kept_gives_the_same(installation, expected, tmp_path) -> None:
    shutil.copytree(installation, tmp_path / "site")
    cut(tmp_path / "site" / "lambdasim" / "machine_code" / "library")
    (tmp_path / "file").write_text("")
    cache = tmp_path / "file" / "no cache"
    engine, _, summary, said = run(tmp_path / "site", cache, engine="compiled", PATH="/nowhere", TMPDIR="/nowhere")
    assert engine["used"] == "compiled"
    assert "cannot be kept for the next time" in said
    assert summary == expected
