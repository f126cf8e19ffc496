"""Makes lambdasim/config/coldstart.csv from the measurements of init durations.

    python tools/coldstart_table.py ../shared/facts/cold_start_init_2026.csv > lambdasim/config/coldstart.csv

The measurements are of maxday/lambda-perf, 2026-06 to 2026-08, with a row per runtime, architecture, package and
memory. Memory has no effect on the init of a small function, so the rows of 512 MB stand for all.
"""

import csv
import re
import sys

HEAD = """\
# Init Duration of a hello-world function: lognormal fits to cold starts on AWS, ms.
# Source: maxday/lambda-perf (https://github.com/maxday/lambda-perf, Apache-2.0), daily runs of 2026-06 to 2026-08,
# about 750 forced cold starts per row at 512 MB (the memory has no effect: 142 / 140 / 139 ms for nodejs24.x at
# 128 / 512 / 1024 MB). mu and sigma are of ln(ms); p50 and p99 are the percentiles measured, for comparison: the fit
# describes the body, and the tail of images is heavier. first_N is the Duration of the first invocation at N MB, in ms,
# which memory does affect: the handler lacks the CPU of the init phase. Made by tools/coldstart_table.py."""
NAMES = {"prov.al2": "provided.al2", "prov.al2023": "provided.al2023"}
SIZES = ("128", "256", "512", "1024")
WORDS = {"apple swift ": "swift", "c++ ": "cpp"}


def runtime_name(measured: str) -> str:
    """Return AWS's identifier, with what was in the package for OS-only runtimes: ``provided.al2023/rust``."""
    for word, short in WORDS.items():
        measured = measured.replace(word, short)
    match = re.fullmatch(r"(.*?) ?\((prov\.\w+)\)", measured)
    return f"{NAMES[match[2]]}/{match[1].replace(' ', '-')}" if match else measured


def main(path: str) -> None:
    with open(path, encoding="utf-8", newline="") as file:
        every = list(csv.DictReader(file))
    rows = [row for row in every if row["mem"] == "512"]
    first = {(row["runtime"], row["pkg"], row["arch"], row["mem"]): row["first_dur"] for row in every}
    table = csv.writer(sys.stdout, lineterminator="\n")
    print(HEAD)
    table.writerow(
        ["runtime", "package", "architecture", "mu", "sigma", "p50", "p99", *(f"first_{size}" for size in SIZES)]
    )
    for key in sorted((runtime_name(row["runtime"]), row["pkg"], row["arch"], index) for index, row in enumerate(rows)):
        row = rows[key[3]]
        firsts = [first[row["runtime"], row["pkg"], row["arch"], size] for size in SIZES]
        table.writerow([*key[:3], row["mu"], row["sigma"], row["p50"], row["p99"], *firsts])


if __name__ == "__main__":
    main(sys.argv[1])
