""" "Did you mean": the nearest of some known words."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that ``word`` may be a misspelling of."""
    from difflib import get_close_matches

    close = get_close_matches(word[:80], list(known), n=1, cutoff=0.65)
    return close[0] if close else None


def hint(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return ``did you mean 'x'?``, or ``otherwise: a, b, c`` when nothing is near."""
    words = list(known)
    near = nearest(word, words)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{otherwise}: {', '.join(words)}" if words else f"{otherwise}: none"
