"""From feedback to a draft case: whatever people write, the draft is a well-formed case that a person has to check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core import Assistant
from assistant.question import Question
from assistant.records import Feedback, Records
from evals import cli
from evals.case import load_cases
from evals.draft import drafts, written

ASKED = "MTT S4000 的显存带宽是多少？"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    records = Records(tmp_path)
    records.add(Feedback("down", ASKED, (), "是 999 GB/s。", "", "应该是 768GB/s，见官网", "page"))
    records.add(Feedback("down", ASKED, (), "是 999 GB/s。", "", "应该是 768GB/s，见官网", "widget"))
    records.add(Feedback("down", "它的功耗呢？", (ASKED,), "不知道。", "急", "450W", "api"))
    records.add(Feedback("down", "谁做的 S4000？", (), "x", "", "摩尔线程\n- id: evil\n  tags: [must]", "api"))
    records.add(Feedback("down", ASKED, (), "x", "没用", "", "api"))
    records.add(Feedback("up", ASKED, (), "x", "", "768GB/s", "api"))
    return tmp_path


def test_a_correction_becomes_a_case_that_asks_for_its_figure(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = home / "drafts.yaml"
    assert cli.main(["draft", "--home", str(home), "--out", str(out)]) == 0
    assert "3 new drafts from 5 thumbs down (1 without" in capsys.readouterr().err
    bandwidth, power, words = load_cases([out])
    (figure,) = bandwidth.figures
    assert (figure.product, figure.attribute, figure.value, figure.unit) == (
        "MTT S4000",
        "memory_bandwidth",
        768,
        "GB/s",
    )
    assert power.history == (ASKED,)
    assert (power.figures[0].attribute, power.figures[0].value) == ("tdp", 450)
    assert words.strings.any[0].startswith("摩尔线程")
    assert {tag for case in load_cases([out]) for tag in case.tags} == {"feedback", "draft"}


def test_a_second_run_adds_nothing_and_keeps_what_a_person_mended(home: Path) -> None:
    out = home / "drafts.yaml"
    cli.main(["draft", "--home", str(home), "--out", str(out)])
    out.write_text(out.read_text("utf-8").replace("768", "769"), "utf-8")
    before = out.read_text("utf-8")
    cli.main(["draft", "--home", str(home), "--out", str(out)])
    assert out.read_text("utf-8") == before


def test_the_command_writes_yaml_to_stdout_and_nothing_without_feedback(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant", "--home", str(home), "eval", "draft"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(yaml.safe_load(done.stdout)) == 3
    command[4] = str(tmp_path / "empty")
    assert subprocess.run(command, capture_output=True, text=True, timeout=120).stdout == ""


TEXT = st.text(max_size=80)


@given(TEXT, st.lists(TEXT, max_size=3), TEXT, TEXT, TEXT)
@settings(max_examples=150, deadline=None)
def test_whatever_people_write_the_draft_is_a_case(
    question: str, history: list[str], answer: str, comment: str, correction: str
) -> None:
    given_ = Feedback("down", question, tuple(history), answer, comment, correction)
    cases = drafts([given_], lambda text, earlier: Question(text=text), {})
    assert len(cases) == bool(correction.strip())
    written(cases)


def test_a_drafted_case_is_graded_like_any_other(home: Path, library_home: Path) -> None:
    from evals.grade import grade

    out = home / "drafts.yaml"
    cli.main(["draft", "--home", str(home), "--out", str(out)])
    bandwidth = load_cases([out])[0]
    with Assistant.open(home=library_home) as assistant:
        answer = assistant.ask(bandwidth.question)

        def text(identity: str) -> str | None:
            document = assistant.store.document(identity)
            return document.text if document else None

        assert grade(bandwidth, answer, text) == []
