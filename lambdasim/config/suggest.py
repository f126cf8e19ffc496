""" "Did you mean": the nearest of some known words."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that ``word`` may be a misspelling of."""
    from difflib import get_close_matches

    close = get_close_matches(word[:80], list(known), n=1, cutoff=0.65)
    return close[0] if close else None


def few(word: str, known: Iterable[str], most: int = 4) -> str:
    """Return ``did you mean 'x'?``, or ``the nearest are: 'a', 'b'`` of many dotted words; their parts count too."""
    from difflib import SequenceMatcher

    words = list(known)
    if (near := nearest(word, words)) is not None:
        return f"did you mean '{near}'?"
    last = word[:80].rpartition(".")[2]

    def likeness(other: str) -> float:
        pairs = [(word[:80], other), *((last, part) for part in other.split("."))]
        return max(SequenceMatcher(None, *pair).ratio() for pair in pairs)

    ranked = sorted(words, key=lambda other: -likeness(other))[:most]
    return f"the nearest are: {', '.join(repr(one) for one in ranked)}"


def hint(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return ``did you mean 'x'?``, or ``otherwise: a, b, c`` when nothing is near."""
    words = list(known)
    near = nearest(word, words)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{otherwise}: {', '.join(words)}" if words else f"{otherwise}: none"
