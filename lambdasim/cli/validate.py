"""``lambdasim validate``: a simulation beside measurements, with the error of each metric."""

from collections.abc import Sequence
from pathlib import Path

from lambdasim.cli.arguments import Parser, add_experiment_options, override, overrides_of
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder
from lambdasim.cli.output import emit, warnings_as_lines
from lambdasim.errors import InputError

EPILOG = """\
A log is of any shape that lambdasim calibrate reads. With --after LOG, a log from after
a change, and --set-b, that change, the change itself is compared too: what it did to each
metric, measured and simulated. error is relative and without sign, bias with it.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("validate", "Set an experiment beside a log of the same functions.", EPILOG)
    add_experiment_options(parser, 1)
    parser.add_argument(
        "--against", action="append", required=True, metavar="LOG", help="log to compare with; repeatable"
    )
    parser.add_argument("--function", metavar="NAME", help="the function that a log without names is of")
    parser.add_argument("--after", action="append", metavar="LOG", help="log from after a change; repeatable")
    parser.add_argument(
        "--set-b", type=override, action="append", default=[], metavar="PATH=VALUE", help="that change; repeatable"
    )
    parser.add_argument("--strict", action="store_true", help="exit 99 where a metric is off by more than 25 %%")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for validation.json and validation.html")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    options = parser.read(arguments)
    from lambdasim.calibration.against import against
    from lambdasim.calibration.beside_page import save, text
    from lambdasim.config.overrides import parse_value
    from lambdasim.experiment import load_experiment
    from lambdasim.json_text import json_text

    experiment = load_experiment(options.files[0], overrides_of(options))
    change = {path: parse_value(value) for path, value in options.set_b}
    folder = None if options.out is None else RunFolder.at(options.out)
    try:
        with warnings_as_lines():
            found = against(experiment, options.against, function=options.function, after=options.after, change=change)
        if folder is not None:
            save(found, experiment.config.name, folder.path)
    except OSError as error:
        raise InputError.single(f"cannot write to {options.out}: {error.strerror}; name another --out") from error
    finally:
        if folder is not None:
            folder.discard_if_unused()
    emit(json_text(found.to_json()) if options.format == "json" else text(found))
    missed = options.strict and any(one.word.startswith(("off", "simulated, but")) for one in found.metrics)
    return ExitCode.SLO_MISSED if missed else ExitCode.DONE
