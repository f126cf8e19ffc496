"""Reports on a result: the verdict, summaries as text and Markdown, a notebook's view and figures.

Reads results, never engines. Each name below is loaded when it is first used, because ``check`` needs
:mod:`~lambdasim.report.words` without paying for numpy; matplotlib is loaded when the first figure is drawn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lambdasim.report.notebook import notebook_html as notebook_html
    from lambdasim.report.plots import Plots as Plots
    from lambdasim.report.plots import save_figures as save_figures
    from lambdasim.report.text import summary_markdown as summary_markdown
    from lambdasim.report.text import summary_text as summary_text

_HOMES: Final = {
    "Plots": "plots",
    "notebook_html": "notebook",
    "save_figures": "plots",
    "summary_markdown": "text",
    "summary_text": "text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lambdasim.report' has no attribute {name!r}")
    return getattr(import_module(f"lambdasim.report.{_HOMES[name]}"), name)
