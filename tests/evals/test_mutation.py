"""The evals are tested themselves: faults seeded into answers and documents are noticed, and an escape would be told."""

from __future__ import annotations

from random import Random

import pytest

from assistant import Assistant
from assistant.answer import Answer
from evals import faults, mutation
from evals.grade import Problem


@pytest.fixture(scope="module")
def corpus_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A home with the shipped corpus, read once for this module."""
    home = tmp_path_factory.mktemp("corpus") / "home"
    with Assistant.open(home=home) as xinwen:
        xinwen.prepare()
    return str(home)


@pytest.mark.slow
def test_at_least_99_of_100_seeded_faults_are_caught(corpus_home: str, capsys: pytest.CaptureFixture[str]) -> None:
    # Other seeds and all cases are tried by people; a CI's are fixed and few, so that a red run is of the change.
    code = mutation.main(["--home", corpus_home, "--each", "30", "--documents", "12", "--sample", "350"])
    assert code == 0, capsys.readouterr().out


def test_what_escapes_is_printed_and_fails_the_check(
    corpus_home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a grader that notices no status, every changed status escapes."""
    whole = mutation.grade

    def blind(case: object, answer: object, texts: object) -> list[Problem]:
        return [p for p in whole(case, answer, texts) if p.kind not in ("status", "conflict", "citation")]  # type: ignore[arg-type]

    monkeypatch.setattr(mutation, "grade", blind)
    assert mutation.main(["--home", corpus_home, "--each", "8", "--documents", "0", "--sample", "120"]) == 1
    out = capsys.readouterr().out
    assert "escaped: status_changed: " in out


def test_too_few_faults_prove_nothing(corpus_home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.main(["--home", corpus_home, "--each", "1", "--documents", "0", "--sample", "40"]) == 1
    assert "too few" in capsys.readouterr().out


@pytest.mark.parametrize("written", ["0", "5", "768", "1,224", "0.35", "100", "10.4"])
def test_another_number_is_always_another(written: str) -> None:
    chance = Random(1)
    for _ in range(50):
        other = faults.other_number(written, chance)
        assert float(other.replace(",", "")) != float(written.replace(",", ""))
        assert len(other) == len(written)


def test_faults_leave_an_answer_without_figures_alone_but_for_its_status() -> None:
    bare = Answer(question="?", language="zh", status="refused", text="文档没有给出。")
    for fault in faults.FAULTS:
        made = list(fault(bare, bare, Random(0)))
        assert bool(made) == (fault is faults.status_changed), fault.__name__
