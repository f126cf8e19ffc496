"""Sentences that keep the values they tell."""

import copy
import pickle

from lambdasim.report.sentences import Clause, Worded, clauses_of, say


def test_a_sentence_is_its_words() -> None:
    told = say("{share:percent} of {count:count} took {time:ms}", share=0.042, count={"mean": 1234.0}, time=731.2)
    assert told == "4.2 % of 1,234 took 731 ms"
    assert dict(told.clauses[0].values) == {"share": 0.042, "count": {"mean": 1234.0}, "time": 731.2}


def test_what_is_worded_elsewhere_keeps_its_value() -> None:
    told = say("it cost {total}", total=Worded(1.87, "~$1.87"))
    assert told == "it cost ~$1.87"
    assert dict(told.clauses[0].values) == {"total": 1.87}


def test_a_sentence_within_another_brings_its_clauses() -> None:
    inner = say("{a} of {b}", a=1, b=2)
    outer = "before " + say("({inner})", inner=inner) + ", after"
    assert outer == "before (1 of 2), after"
    assert [clause.template for clause in outer.clauses] == ["({inner})", "{a} of {b}"]
    assert dict(outer.clauses[0].values) == {}
    assert clauses_of("plain") == ()


def test_braces_in_a_value_stay_braces() -> None:
    assert say("{name} ran", name="{x:count}") == "{x:count} ran"


def test_the_words_alone_are_plain_text() -> None:
    told = str(say("{a}", a=1))
    assert type(told) is str


def test_sentences_copy_and_pickle_with_their_values() -> None:
    told = say("{a}", a=1)
    for again in (copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert again == "1"
        assert again.clauses == (Clause("{a}", {"a": 1}),)
