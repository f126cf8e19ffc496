"""matplotlib loaded sooner, where a process draws figures and nothing else."""

import gc


def lean_matplotlib() -> None:
    """Load matplotlib without the docstrings that it makes for the setters of its classes, a quarter of loading it.

    Changes nothing in a process that did not start lean, which is known by what it froze: a notebook's reader may ask
    for that help.
    """
    if not gc.get_freeze_count():
        return
    from matplotlib.artist import Artist

    if hasattr(Artist, "_update_set_signature_and_docstring"):  # its own affair, which may go
        setattr(Artist, "_update_set_signature_and_docstring", classmethod(lambda _: None))  # noqa: B010
