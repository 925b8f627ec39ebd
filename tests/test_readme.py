"""The README's examples run, its two languages are in step, and its numbers of documents are true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_the_python_example_runs(name: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    code = code.replace("/tmp/xinwen-readme", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "128 GB" in done.stdout


def test_the_answers_shown_are_those_given(tmp_path: Path) -> None:
    shown = re.findall(r'\$ xinwen ask "([^"]+)"\n([^\n]+)\n', (ROOT / "README.md").read_text("utf-8"))
    assert len(shown) == 2
    for question, first_line in shown:
        command = [sys.executable, "-m", "assistant", "--home", str(tmp_path), "ask", question]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.stdout.splitlines()[0] == first_line


@pytest.mark.parametrize("name", READMES)
def test_the_corpus_has_as_many_documents_as_it_says(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    corpus = ROOT / "knowledge" / "corpus"
    for folder in ("specs", "news"):
        assert str(len(list((corpus / folder).rglob("*.md")))) in text


def test_both_languages_have_the_same_commands_and_tables() -> None:
    def code(name: str) -> list[str]:
        text = (ROOT / name).read_text("utf-8")
        return re.findall(r"XINWEN_[A-Z_]+|python -m evals\.\w+|make \w+|/v1/\w+", text)

    assert set(code(READMES[0])) == set(code(READMES[1]))
