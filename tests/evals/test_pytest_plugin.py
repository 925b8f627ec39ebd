"""The pytest plugin of the evals: a wiki team's own tests, run by a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

GOOD = """
def test_figure(xinwen):
    asked = xinwen.ask("MTT S4000 的显存带宽是多少？")
    asked.has_figure("MTT S4000", "memory_bandwidth", 768, "GB/s").has_figure("MTT S4000", "memory_bandwidth", 0.768, "TB/s")
    asked.has_status("answered").has_text("768 GB/s").has_no_text("68 GB/s").cites("example.com").is_faithful()

def test_silence(xinwen):
    xinwen.ask("MTT S4000 的晶体管数？").is_refused().has_no_figure("MTT S4000", "transistor_count")
"""
BAD = """
import pytest

@pytest.mark.parametrize("claim", [
    lambda asked: asked.has_figure("MTT S4000", "memory_bandwidth", 512, "GB/s"),
    lambda asked: asked.has_figure("MTT S4000", "memory_bandwidth", 768, "TB/s"),
    lambda asked: asked.has_no_figure("MTT S4000", "memory_bandwidth"),
    lambda asked: asked.has_text("68 GB/s"),
    lambda asked: asked.has_no_text("768"),
    lambda asked: asked.is_refused(),
    lambda asked: asked.cites("nobody.example"),
])
def test_claim(xinwen, claim):
    claim(xinwen.ask("MTT S4000 的显存带宽是多少？"))
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # A process of its own: the plugin must load in a pytest that knows nothing of this one.
    return pytester.runpytest_subprocess("-p", "evals.pytest_plugin", "-p", "no:cacheprovider", *arguments)


def test_a_teams_tests_pass_over_its_home(pytester: pytest.Pytester, library_home: Path) -> None:
    pytester.makepyfile(GOOD)
    run(pytester, f"--xinwen-home={library_home}").assert_outcomes(passed=2)


def test_every_assertion_can_fail_and_shows_the_answer(pytester: pytest.Pytester, library_home: Path) -> None:
    pytester.makepyfile(BAD)
    result = run(pytester, f"--xinwen-home={library_home}")
    result.assert_outcomes(failed=7)
    result.stdout.fnmatch_lines(["*no figure MTT S4000 memory_bandwidth = 512 GB/s; stated: *768 GB/s*"])


def test_a_server_is_asked_the_same(
    pytester: pytest.Pytester, library_home: Path, serve: Callable[[object], object]
) -> None:
    from assistant import Assistant
    from assistant.api.app import create_app

    pytester.makepyfile(GOOD)
    with (
        Assistant.open(home=library_home) as assistant,
        serve(create_app(assistant, assistant.settings, chat=False)) as url,
    ):  # type: ignore[attr-defined]
        run(pytester, f"--xinwen-against={url}").assert_outcomes(passed=2)


def test_a_server_that_is_not_there_is_said_once_and_plainly(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GOOD)
    result = run(pytester, "--xinwen-against=http://127.0.0.1:9")
    assert result.ret == 1
    assert "cannot be reached" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_a_wrong_attribute_names_those_there_are(pytester: pytest.Pytester, library_home: Path) -> None:
    pytester.makepyfile('def test_x(xinwen):\n    xinwen.ask("S4000 显存").has_figure("MTT S4000", "vram", 48, "GB")\n')
    result = run(pytester, f"--xinwen-home={library_home}")
    assert "memory_capacity" in result.stdout.str()


def test_nothing_heavy_is_imported_while_unused() -> None:
    script = (
        "import sys, evals.pytest_plugin; "
        "print([n for n in ('assistant', 'knowledge', 'torch', 'chromadb', 'gradio', 'pydantic', 'langchain') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
