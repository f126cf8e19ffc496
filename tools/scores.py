"""Keep the errors of a scoreboard for *How sure*: ``tools/scores.py FOLDER`` after ``validate --out FOLDER``."""

import csv
import json
import sys
from pathlib import Path

from lambdasim.report.words import percent, significant
from lambdasim.validation.how_sure import RECORDED

KEPT = Path(__file__).parents[1] / "lambdasim" / "validation" / RECORDED


def main(folder: Path) -> None:
    """Write the kinds of ``scoreboard.json`` with their errors in words."""
    board = json.loads((folder / "scoreboard.json").read_text(encoding="utf-8"))
    with KEPT.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("kind", "measurements", "error"))
        for score in board["scores"]:
            error, unit = score["error"], score["unit"]
            words = percent(error) if unit == "share" else f"{significant(error)} {unit}"
            rows.writerow((score["kind"], score["measurements"], words))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
