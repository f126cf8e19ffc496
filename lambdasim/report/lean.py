"""matplotlib loaded sooner, where a process draws figures and nothing else."""

import gc
from collections.abc import Hashable
from typing import Any


def lean_matplotlib() -> None:
    """Load matplotlib without the docstrings that it makes of others, a quarter of loading it, and have it measure a
    text once that stands in several figures.

    Changes nothing in a process that did not start lean, which is known by what it froze: a notebook's reader may ask
    for that help.
    """
    if not gc.get_freeze_count():
        return
    from matplotlib import _docstring

    for name in ("Substitution", "_ArtistPropertiesSubstitution"):  # its own affair, which may go
        if hasattr(_docstring, name):
            setattr(getattr(_docstring, name), "__call__", lambda self, documented: documented)  # noqa: B010
    from matplotlib.artist import Artist

    if hasattr(Artist, "_update_set_signature_and_docstring"):
        setattr(Artist, "_update_set_signature_and_docstring", classmethod(lambda _: None))  # noqa: B010
    from matplotlib.textpath import TextToPath

    measure, known = TextToPath.get_text_width_height_descent, dict[Hashable, Any]()

    def measured(self: TextToPath, s: str, prop: Any, ismath: Any) -> Any:
        key = s, hash(prop), ismath
        if key not in known:
            known[key] = measure(self, s, prop, ismath)
        return known[key]

    setattr(TextToPath, "get_text_width_height_descent", measured)  # noqa: B010
