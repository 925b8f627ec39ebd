"""The regression evals hold, and they can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answer import Answer, AnswerFigure, Citation
from evals import answers, baseline, retrieval, suites, understanding
from evals.case import SCHEMA, Case, CaseError, ExpectedFigure, load_cases, schema
from evals.cli import SHIPPED, main
from evals.grade import grade, matches, unfaithful


def test_no_answer_over_the_corpus_has_become_worse() -> None:
    """Every shipped case is asked. Those that hold in the shipped baseline and must hold, hold; nothing states a wrong
    figure; no metric is below its threshold. `xinwen eval` itself also compares each value and metric with the baseline."""
    run = suites.answers(suites.Choice(jobs=2), lambda items, total: items)
    found = baseline.regressions(baseline.load(SHIPPED), run)
    stops = ("held and now fails", "now states a wrong figure", "it must be at")
    assert [line for line in found if any(words in line for words in stops)] == []


def nowhere(document_id: str) -> str | None:
    return None


def test_expected_figures_are_compared_by_value_and_unit() -> None:
    said = AnswerFigure(product="MTT S4000", attribute="memory_bandwidth", value=768, unit="GB/s", citation=1)
    wanted = ExpectedFigure(product="MTT S4000", attribute="memory_bandwidth", value=0.768, unit="TB/s")
    assert matches(wanted, said)
    for change in ({"value": 769}, {"unit": "TB/s"}, {"product": "MTT S3000"}, {"attribute": "tdp"}):
        assert not matches(wanted, said.model_copy(update=change))
    assert not matches(wanted.model_copy(update={"condition": "sparse"}), said)


def test_a_wrong_status_word_or_figure_fails_a_case() -> None:
    case = Case.model_validate(
        {
            "id": "a",
            "question": "48 GB，80 GB，148 GB？",
            "status": ["refused"],
            "strings": {"all": ["48 GB"], "none": ["80 GB"]},
            "tags": ["x"],
        }
    )
    right = Answer(question=case.question, language="zh", status="refused", text="48 GB。")
    assert grade(case, right, nowhere) == []
    for change in ({"text": "80 GB"}, {"text": "148 GB"}, {"status": "clarify"}):
        assert grade(case, right.model_copy(update=change), nowhere) != []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: a\n  question: q\n  status: [odd]\n  tags: [x]\n", "line 3, field status.0"),
        ("- {id: a, question: q, status: [refused], tags: [x]}\n" * 2, "line 2: the id 'a' is taken"),
        ("- id: [", "line"),
    ],
)
def test_a_malformed_case_names_file_line_and_field(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    with pytest.raises(CaseError) as raised:
        load_cases([tmp_path])
    assert "bad.yaml" in str(raised.value)
    assert said in str(raised.value)


def test_the_schema_for_editors_is_of_this_release() -> None:
    assert SCHEMA.read_text("utf-8") == schema()


def test_a_figure_its_quote_does_not_state_is_wrong() -> None:
    citation = Citation(marker=1, document_id="d", title="t", quote="显存 48 GB", start=0, end=8)
    answer = Answer(question="?", language="zh", status="answered", text="显存为 48 GB。[1]", citations=(citation,))
    texts = {"d": "显存 48 GB"}
    assert unfaithful(answer, texts.get) == []
    wrong = answer.model_copy(update={"text": "显存为 64 GB。[1]"})
    assert [problem.kind for problem in unfaithful(wrong, texts.get)] == ["wrong-figure"]
    assert [problem.kind for problem in unfaithful(answer, nowhere)] == ["quote"]


def test_an_unreachable_server_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers.main(["--against", "http://127.0.0.1:9"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


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
