"""The CI recipes of the documentation parse, and their own shell lines run and fail when they must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCS = Path(__file__).parents[2] / "docs" / "ci"
CASE = """- id: s4000
  question: MTT S4000 的显存带宽是多少？
  status: [answered]
  figures: [{product: MTT S4000, attribute: memory_bandwidth, value: %s, unit: GB/s}]
  tags: [must-hold]
"""


def github() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCS / "github-actions.yml").read_text("utf-8"))
    return loaded


def gitlab() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCS / "gitlab-ci.yml").read_text("utf-8"))["xinwen evals"]
    return loaded


def lines() -> dict[str, str]:
    """Each recipe's shell, without setting up and without what only its server has."""
    steps = [step["run"] for step in github()["jobs"]["evals"]["steps"] if "run" in step]
    return {
        "github": "\n".join(run for run in steps if run != "make setup" and "gh pr" not in run),
        "gitlab": "\n".join(gitlab()["script"]),
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A team's repository: a document, a case, and 芯问 where `make setup` puts it."""
    (tmp_path / "wiki").mkdir()
    (tmp_path / "wiki" / "s4000.md").write_text("# MTT S4000\n\nMTT S4000 的显存带宽为768GB/s。\n", "utf-8")
    command = tmp_path / ".venv" / "bin" / "xinwen"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m assistant "$@"\n', "utf-8")
    command.chmod(0o755)
    return tmp_path


def run(project: Path, recipe: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {
        "XINWEN_HOME": str(project / ".xinwen"),
        "XDG_CACHE_HOME": str(project / ".cache"),
        "GITHUB_STEP_SUMMARY": str(project / "step.md"),
        "DOCUMENTS": "wiki",
        "CASES": "cases.yaml",
        "BASELINE": "",
        "PYTHONPATH": str(DOCS.parents[1]),
    }
    # Both servers stop at the first line that fails; GitHub's shell is bash -e.
    return subprocess.run(
        ["bash", "-e", "-c", lines()[recipe]],
        cwd=project,
        env={**os.environ, **own, **variables},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("recipe", ["github", "gitlab"])
def test_a_recipe_passes_what_holds_and_stops_what_does_not(recipe: str, project: Path) -> None:
    (project / "cases.yaml").write_text(CASE % 768, "utf-8")
    good = run(project, recipe)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "1 of 1 hand cases as expected" in good.stdout
    assert (project / "report" / "report.html").stat().st_size > 5000
    if recipe == "github":
        assert "no regression" in (project / "step.md").read_text("utf-8")
    (project / "cases.yaml").write_text(CASE % 512, "utf-8")
    bad = run(project, recipe)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "s4000 fails" in bad.stdout
    assert 'failures="1"' in (project / "report" / "junit.xml").read_text("utf-8")


def test_the_recipes_keep_the_report_when_the_evals_fail() -> None:
    steps = github()["jobs"]["evals"]["steps"]
    keeps = [step for step in steps if step.get("uses", "").startswith("actions/upload-artifact")]
    assert [step["if"] for step in keeps] == ["always()"]
    assert gitlab()["artifacts"]["when"] == "always"
    assert gitlab()["artifacts"]["reports"]["junit"] == "report/junit.xml"


def test_the_recipes_name_options_that_there_are() -> None:
    from evals.cli import parser

    known = {option for action in parser()._actions for option in action.option_strings}
    for text in lines().values():
        # Only the evals' own line; `xinwen ingest` has options of its own.
        used = {word for word in text.split("xinwen eval", 1)[1].replace('"', " ").split() if word.startswith("--")}
        assert used <= known | {"--suite"}, used - known


def test_nothing_that_others_wrote_is_put_into_a_shell_line() -> None:
    """`${{ … }}` inside `run` is how titles and branches of others become commands."""
    assert all("${{" not in step.get("run", "") for step in github()["jobs"]["evals"]["steps"])
