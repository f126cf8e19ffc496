"""The notebooks run from top to bottom, and are kept with their outputs."""

import json
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

import lambdasim

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

notebooks = pytest.mark.parametrize("file", NOTEBOOKS, ids=[file.stem for file in NOTEBOOKS])


def test_there_is_one_to_start_with() -> None:
    assert "01_start_here" in {file.stem for file in NOTEBOOKS}


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make ``python3`` the interpreter of the tests, with the package they test."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "env": {"PYTHONPATH": str(Path(lambdasim.__file__).parents[1])},
    }
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return "python3"


def said(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """Return what each cell printed, as one, and returned as text alone: no tables or figures, whose form belongs to
    others. What is printed comes in as many parts as the kernel has time for.
    """
    cells = [cell.get("outputs", ()) for cell in notebook.cells]
    printed = ["".join(one.text for one in outputs if one.output_type == "stream") for outputs in cells]
    returned = [
        [one.data["text/plain"] for one in outputs if one.output_type != "stream" and set(one.data) == {"text/plain"}]
        for outputs in cells
    ]
    return [[*filter(None, [text]), *texts] for text, texts in zip(printed, returned, strict=True)]


@notebooks
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that talk to the kernel
def test_it_runs_and_says_what_it_is_kept_with(file: Path, kernel: str, tmp_path: Path) -> None:
    """The kept outputs are a golden. To renew them:
    ``jupyter execute --inplace --NotebookClient.record_timing=False notebooks/*.ipynb``.
    """
    notebook = nbformat.read(file, as_version=4)
    kept = said(notebook)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name=kernel, resources=resources).execute()
    assert said(notebook) == kept
    assert sum(map(bool, kept)) > 3


@notebooks
def test_it_is_kept_with_its_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(cell.outputs for cell in code)
    text = file.read_text(encoding="utf-8")
    assert len(text) < 500_000
    assert "image/svg+xml" in text
    assert "image/png" not in text
    assert [path for path in (ROOT, Path.home(), Path("/tmp")) if f"{path}/" in text] == []
