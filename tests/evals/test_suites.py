"""The regression evals hold, and they can fail."""

from __future__ import annotations

import pytest

from assistant.answer import Answer
from evals import answers, retrieval, understanding
from evals.cli import main


def test_every_answer_over_the_corpus_is_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers.main([]) == 0, capsys.readouterr().out


def test_a_wrong_status_word_or_figure_fails_a_case() -> None:
    case = answers.Case.model_validate({"question": "?", "status": ["answered"], "has": ["48 GB"], "not": ["80 GB"]})
    right = Answer(question="?", language="zh", status="answered", text="48 GB。")
    assert case.problems(right) == []
    assert case.problems(right.model_copy(update={"text": "80 GB"})) != []
    assert case.problems(right.model_copy(update={"status": "refused"})) != []


def test_the_retrieval_set_names_documents_that_ship() -> None:
    from importlib import resources

    corpus = resources.files("knowledge") / "corpus"
    cases = retrieval.load_cases()
    assert len(cases) >= 150
    assert [path for case in cases for path in case.documents if not (corpus / f"{path}.md").is_file()] == []


def test_questions_are_understood() -> None:
    from assistant.names import NameIndex
    from assistant.understand import Understanding
    from knowledge.catalog import Catalog

    catalog = Catalog.load()
    readings = understanding.read(understanding.cases(), Understanding(catalog, NameIndex(catalog)))
    assert sum(not reading.wrong for reading in readings) / len(readings) >= 0.97


def test_the_command_names_its_suites(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "understanding" in capsys.readouterr().out
