"""Files of each format: every page, sheet and slide is answered for, with its own place in the citation."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Answer, Assistant
from evals.places import Card, main, problems, write


def test_every_page_sheet_and_slide_is_answered_for_in_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "11"]) == 0, capsys.readouterr().out


def test_an_answer_from_another_place_or_with_another_figure_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    given = write(tmp_path / "files", seed=2)
    with Assistant.open(tmp_path / "home") as xinwen:
        xinwen.ingest([tmp_path / "files"], embed=False)
        card = given["霜刃.pdf"][0]
        answer: Answer = xinwen.ask(f"{card.name}的显存容量是多少？")
    assert problems(answer, card, f"{card.memory} GB", "霜刃.pdf") == []
    elsewhere = Card(card.name, card.memory, card.bandwidth, card.compute, card.power, "3")
    assert problems(answer, elsewhere, f"{card.memory} GB", "霜刃.pdf")
    assert problems(answer, card, f"{card.memory + 1} GB", "霜刃.pdf")
