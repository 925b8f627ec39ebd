"""The report on the verifier: what it seeds is false, what it calls true is true, and an escape is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant
from evals.verification import Trial, judge, trials


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("verification")) as assistant:
        assistant.prepare()
        yield assistant


@pytest.fixture(scope="module")
def given(xinwen: Assistant) -> list[Trial]:
    return list(trials(xinwen, seed=3, most=20))


def test_no_seeded_fault_escapes_and_true_sentences_stay(xinwen: Assistant, given: list[Trial]) -> None:
    outcomes = judge(iter(given), xinwen.catalog)
    true = outcomes.pop("")
    assert not [line for outcome in outcomes.values() for line in outcome.wrong]
    assert len(outcomes) >= 15
    assert true.right >= 0.95 * true.asked, true.wrong


def test_a_faulty_sentence_that_passes_is_counted_as_an_escape(xinwen: Assistant, given: list[Trial]) -> None:
    kept = [trial for trial in given if not trial.fault]
    outcomes = judge((replace(trial, fault="seeded") for trial in kept), xinwen.catalog)
    assert outcomes["seeded"].right < 0.05 * outcomes["seeded"].asked
    assert outcomes["seeded"].wrong


def test_the_same_seed_gives_the_same_trials(xinwen: Assistant, given: list[Trial], tmp_path: Path) -> None:
    assert list(trials(xinwen, seed=3, most=20)) == given
    assert list(trials(xinwen, seed=4, most=20)) != given
