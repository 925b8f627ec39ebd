"""The examples of docs/api.md run against a real server, in both languages, and their tables name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.settings import Settings, load_settings

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("api.md", "api.zh-CN.md")
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.S)


@pytest.fixture(scope="module")
def address(
    library_home: Path, tmp_path_factory: pytest.TempPathFactory, serve: Callable[[object], Any]
) -> Iterator[str]:
    home = tmp_path_factory.mktemp("docs") / "home"
    shutil.copytree(library_home, home)
    settings = load_settings(home=home, api_keys=("KEY",), admin_key="ADMIN")
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        yield url


@pytest.mark.parametrize("page", PAGES)
def test_every_curl_example_prints_what_it_says(page: str, address: str, tmp_path: Path) -> None:
    examples = blocks(page, "sh")
    assert len(examples) == 8
    for example in examples:
        script = example.replace("http://127.0.0.1:7860", address)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=120, cwd=tmp_path
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        (expected,) = re.findall(r"^# prints: (.*)$", example, re.M)
        assert expected in done.stdout, (script, done.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_the_openai_example_runs(page: str, address: str) -> None:
    pytest.importorskip("openai")
    (code,) = blocks(page, "python")
    code = code.replace("http://127.0.0.1:7860", address)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("768") >= 2


def test_both_languages_have_the_same_examples_settings_and_metrics() -> None:
    one, other = ((DOCS / page).read_text("utf-8") for page in PAGES)
    assert blocks(PAGES[0], "sh") == blocks(PAGES[1], "sh")
    for pattern in (r"XINWEN_[A-Z_]+", r"xinwen_[a-z_]+", r"/v1/[a-z/]+", r"data-\w+"):
        assert set(re.findall(pattern, one)) == set(re.findall(pattern, other))
    assert one.count("\n## ") == other.count("\n## ")
    named = {name.removeprefix("XINWEN_").lower() for name in re.findall(r"XINWEN_[A-Z_]+", one)}
    assert named <= set(Settings.model_fields)


def test_every_metric_of_the_table_is_there_and_every_other_one_is_in_it(address: str) -> None:
    import httpx

    text = httpx.get(f"{address}/metrics", headers={"Authorization": "Bearer KEY"}).text
    there = set(re.findall(r"^# TYPE (xinwen_\w+) ", text, re.M))
    there = {name for name in there if not name.endswith("_created")}
    table = set(re.findall(r"`(xinwen_[a-z_]+)`", (DOCS / "api.md").read_text("utf-8")))
    assert there == table
