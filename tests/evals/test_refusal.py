"""The refusal score: what counts as refused, and that a set of questions is a set."""

from __future__ import annotations

from assistant import Answer
from evals.conversations import load_conversations
from evals.refusal import Case, load_cases, score, take


def answers(status: str, text: str = "") -> object:
    return lambda question: Answer(question=question, language="zh", status=status, text=text)  # type: ignore[arg-type]


def test_refusing_everything_is_full_recall_and_poor_precision() -> None:
    cases = [Case(q="答得了", told=True), Case(q="答不了", told=False)]
    found = score(take(cases, answers("refused")))  # type: ignore[arg-type]
    assert (found.precision, found.recall) == (0.5, 1.0)


def test_a_question_back_is_no_refusal() -> None:
    found = score(take([Case(q="答不了", told=False)], answers("clarify")))  # type: ignore[arg-type]
    assert found.recall == 0.0


def test_an_answer_without_the_right_words_is_counted() -> None:
    case = Case(q="答得了", told=True, has="48 GB")
    assert score(take([case], answers("answered", "显存为48GB"))).worded == 1.0  # type: ignore[arg-type]
    assert score(take([case], answers("answered", "显存为64GB"))).worded == 0.0  # type: ignore[arg-type]


def test_no_question_stands_in_both_halves_and_there_are_a_hundred_of_each_kind() -> None:
    halves = load_cases()
    questions = [case.q for cases in halves.values() for case in cases]
    assert len(set(questions)) == len(questions)
    told = [case for cases in halves.values() for case in cases if case.told]
    assert len(told) >= 100
    assert len(questions) - len(told) >= 100


def test_five_conversations_stand_in_the_docs() -> None:
    held = load_conversations()
    assert len(held) >= 25
    assert [set(each.title) for each in held if each.doc] == [{"zh", "en"}] * 5
