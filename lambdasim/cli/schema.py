"""``lambdasim schema``: the JSON schema of experiment files, for editors and other programs."""

import json
from collections.abc import Sequence

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit


def main(arguments: Sequence[str]) -> int:
    """Print the schema."""
    Parser("schema", "Print the JSON schema (draft 2020-12) of experiment files.").read(arguments)
    from lambdasim.config.json_schema import schema_json

    emit(json.dumps(schema_json(), indent=2, ensure_ascii=False))
    return ExitCode.DONE
