"""Results on disk, whole or absent: a file or a folder's files are written aside and then renamed into place.

Whatever ends a save, be it a signal or a full disk, leaves no cut-off file under its final name, and a folder whose
``manifest.json`` says ``"complete": false`` unless an earlier run in it is still untouched.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from lambdasim import __version__

MANIFEST: Final = "manifest.json"
FIGURES: Final = "figures"
LEFTOVERS: Final = ".lambdasim-*"
"""What a process that was killed may leave; of no use to anybody."""
_ASIDE: Final = ".lambdasim-save"

WRITTEN: Final = (
    "experiment.toml",
    "resolved.toml",
    "summary.json",
    "summary.md",
    "timeseries.csv",
    "timeseries.parquet",
    "cost.csv",
    "latencies.csv",
    "requests.parquet",
    "events.parquet",
    "environments.parquet",
    "points.csv",
    "calibrated.toml",
    "fit.json",
    "fit.html",
    "validation.json",
    "validation.html",
    "arrivals.csv",
    "duration-*.csv",
    "init-*.csv",
    "comparison.json",
    "comparison.md",
    "scoreboard.html",
    "scoreboard.json",
    "scoreboard.csv",
    "report.html",
    "crash.txt",
    f"{FIGURES}/*.svg",
    f"{FIGURES}/*.csv",
)
"""What a run, a search or a comparison may leave beside its manifest."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, as UTF-8, in place of what is there; raises OSError and leaves what was there."""
    aside = path.with_name(f".lambdasim-{secrets.token_hex(6)}")
    try:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
        aside.replace(path)
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            aside.unlink()
        raise


@contextmanager
def whole_folder(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """Yield an empty folder to write into; then move its files to ``folder``, in place of an earlier run's.

    An earlier run stays as it is until all is written. ``manifest`` comes last, so that a folder whose manifest says
    that it is complete is. Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MANIFEST).exists():
        mark_incomplete(folder)
    aside = folder / _ASIDE
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        (aside / MANIFEST).write_text(_json(manifest), encoding="utf-8")
        _exchange(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def mark_incomplete(folder: Path) -> None:
    """Leave word that a folder's files are not whole; raises OSError."""
    write_whole(folder / MANIFEST, _json({"lambdasim": __version__, "complete": False}))


def holds_run(folder: Path) -> bool:
    """Return whether lambdasim has written into a folder before."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and "lambdasim" in manifest


def _exchange(aside: Path, folder: Path) -> None:
    """Move files from ``aside`` to ``folder``, the manifest last. From the first step on the folder is incomplete."""
    files = sorted(file.relative_to(aside) for file in aside.rglob("*") if file.is_file())
    files.remove(Path(MANIFEST))
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
    earlier = holds_run(folder)
    mark_incomplete(folder)
    if earlier:
        for pattern in WRITTEN:
            for old in folder.glob(pattern):
                old.unlink()
    for file in files:
        os.replace(aside / file, folder / file)
    if earlier:
        with suppress(OSError):
            (folder / FIGURES).rmdir()  # where none took the place of an earlier run's, and nothing else is in it
    os.replace(aside / MANIFEST, folder / MANIFEST)


def _json(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2) + "\n"
