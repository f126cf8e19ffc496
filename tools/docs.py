"""Write docs/reference.md and docs/questions.md, from the schema and from the files of the questions.

Run ``python tools/docs.py`` after a key, a metric or a question was added or changed; a test compares.
"""

from pathlib import Path
from typing import Final

from lambdasim.cli.questions import Question, questions
from lambdasim.config.reference import reference
from lambdasim.report.reference import reference_markdown

DOCS: Final = Path(__file__).parents[1] / "docs"
FOLDER: Final = "experiments/questions"


def pages() -> dict[str, str]:
    """Return the text of each page that is made, by the name of its file."""
    return {"reference.md": reference_markdown(list(reference().values()), whole=True), "questions.md": how_tos()}


def how_tos() -> str:
    """Return a page with a how-to for each question."""
    asked = questions()
    listed = [f"{one.number}. [{one.title}](#question-{one.number})" for one in asked]
    opening = [
        "# How-tos: questions and the commands that answer them",
        "",
        "Each question is a file to start from: `lambdasim new shop.toml --question 9` copies one. Its first lines say",
        "what is asked, the command that answers it, and how; the answer is one sentence, also in `summary.json`.",
        "",
    ]
    return "\n".join([*opening, *listed, "", *(line for one in asked for line in _how_to(one))])


def _how_to(one: Question) -> list[str]:
    comments = one.text.split("\n\n")[0].splitlines()[2:]
    said = [line.removeprefix("#").strip() for line in comments if line.startswith("#")]
    return [
        f'## <a id="question-{one.number}"></a>{one.number}. {one.title}',
        "",
        *said,
        "",
        "```bash",
        one.command,
        "```",
        "",
        f"The file: [`{one.file}`](../{FOLDER}/{one.file}).",
        "",
    ]


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
