"""``lambdasim doctor``: what this installation can do, and what it lacks."""

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from lambdasim import __version__
from lambdasim.cli.arguments import Parser
from lambdasim.cli.bench import measure
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit, notes_as_lines, warnings_as_lines
from lambdasim.cli.progress import draws_bars
from lambdasim.errors import InputError
from lambdasim.machine_code import cache

OLDEST_PYTHON: Final = (3, 11)

NEEDED: Final = ("simpy", "numpy", "scipy", "pandas", "matplotlib", "pyarrow", "pydantic", "rich", "jinja2")
EXTRAS: Final = {
    "cluster": ("distributed",),
    "aws": ("boto3", "aws-sam-translator", "PyYAML"),
    "optimize": ("optuna",),
    "sensitivity": ("SALib",),
    "notebook": ("jupyterlab", "ipywidgets", "nbclient"),
}
MODULES: Final = {"aws-sam-translator": "samtranslator", "PyYAML": "yaml"}
"""Import names that differ from the distribution's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``missing`` stops lambdasim from working, ``absent`` only takes something away."""

    part: str
    name: str
    state: Literal["ok", "absent", "missing"]
    detail: str


def main(arguments: Sequence[str]) -> int:
    """Print the findings; exit code 2 when something that every run needs is missing."""
    parser = Parser("doctor", "Show versions, engines, folders and data dates; exit code 2 if a run cannot work.")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    parser.add_argument("--bench", action="store_true", help="measure how fast this machine simulates (some minutes)")
    options = parser.read(arguments)
    with warnings_as_lines(), notes_as_lines(quiet=True):
        return _bench(options.format) if options.bench else _examined(options.format)


def _examined(form: str) -> int:
    findings = list(examine())
    healthy = all(finding.state != "missing" for finding in findings)
    if form == "json":
        emit(json.dumps({"healthy": healthy, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        emit("\n".join(_lines(findings)))
    return ExitCode.DONE if healthy else ExitCode.BAD_INPUT


def _bench(form: str) -> int:
    measurements = []
    for one in measure():
        measurements.append(one)
        if form == "text":
            emit(str(one))
    if form == "json":
        emit(json.dumps([one.to_json() for one in measurements], indent=2))
    return ExitCode.DONE


def examine() -> Iterator[Finding]:
    """Yield every finding, those that matter most first."""
    yield Finding("lambdasim", "version", "ok", f"{__version__} in {Path(__file__).parents[1]}")
    python = f"{platform.python_version()} {platform.python_implementation()} on {platform.platform()}"
    new_enough = sys.version_info >= OLDEST_PYTHON
    yield Finding("python", "version", "ok" if new_enough else "missing", python)
    for name in NEEDED:
        yield _package("packages", name, "missing")
    yield from _engines()
    yield _writable("results", _working_folder())
    yield _writable("temporary", Path(tempfile.gettempdir()))
    yield _compiled_code()
    yield from _data()
    yield _terminal()
    for extra, names in EXTRAS.items():
        for name in names:
            yield _package(f"extra {extra}", name, "absent")


def _package(part: str, name: str, otherwise: Literal["absent", "missing"]) -> Finding:
    """Look at one package by importing it: a wheel that does not fit the machine shows only then."""
    module = MODULES.get(name, name)
    if find_spec(module) is None:
        return Finding(part, name, otherwise, "not installed")
    try:
        if part == "packages":
            import_module(module)
        return Finding(part, name, "ok", metadata.version(name))
    except Exception as error:
        return Finding(part, name, otherwise, f"does not import: {error}")


def _data() -> Iterator[Finding]:
    try:
        from lambdasim.config import quotas
        from lambdasim.cost import PriceBook

        yield Finding("data", "quotas", "ok", f"read {quotas.DATE}")
        yield Finding("data", "prices", "ok", f"published {PriceBook.load('us-east-1').published}")
    except Exception as error:
        yield Finding("data", "prices and quotas", "missing", str(error))


def _engines() -> Iterator[Finding]:
    from lambdasim.engine import choose, without_numba
    from lambdasim.engine.compiled import is_installed

    works = {}
    for name in ("simpy", "compiled"):
        try:
            choose(name)
            if name == "compiled" and not is_installed():
                try:
                    import_module("numba")
                except Exception as error:
                    without_numba(name, error)
            works[name] = True
            yield Finding("engines", name, "ok", "available")
        except InputError as error:
            yield Finding("engines", name, "absent", error.problems[0].message)
    if "compiled" not in works:
        yield Finding("engines", "machine code", "absent", "none came with the installation or can be compiled here")
    else:
        carried = "came with the installation" if is_installed() else "compiled on first use, and kept"
        yield Finding("engines", "machine code", "ok", carried)


def _compiled_code() -> Finding:
    """Look at the folder that compiled code is kept in, without making it."""
    folder = cache.directory()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return Finding("folders", "compiled code", "ok", str(folder))
    return Finding(
        "folders", "compiled code", "absent", f"{folder} cannot be written; LAMBDASIM_CACHE_DIR names another"
    )


def _working_folder() -> Path:
    """Return the absolute path of the working directory, or ``.`` when somebody has removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


def _writable(name: str, folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        return Finding("folders", name, "ok", f"{folder} ({shutil.disk_usage(folder).free / 1e9:,.1f} GB free)")
    except OSError as error:
        return Finding("folders", name, "absent", f"{folder}: {error.strerror}; results can go elsewhere with --out")


def _terminal() -> Finding:
    if sys.stderr is None or not draws_bars(sys.stderr):
        return Finding("terminal", "progress", "ok", "lines now and then: stderr is no terminal that draws bars")
    colour = "without colour (NO_COLOR)" if os.environ.get("NO_COLOR") else "in colour"
    return Finding("terminal", "progress", "ok", f"a bar {colour}, {shutil.get_terminal_size().columns} columns")


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    marks = {"ok": " ", "absent": "-", "missing": "!"}
    part = ""
    for finding in findings:
        if finding.part != part:
            part = finding.part
            yield part
        yield f"{marks[finding.state]} {finding.name:<20} {finding.detail}"
    missing = [finding.name for finding in findings if finding.state == "missing"]
    yield ""
    yield f"Cannot run: {', '.join(missing)}." if missing else "Everything that a run needs is here."
