"""The command line as people and scripts use it: real processes, real exit codes, a real home."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DOCUMENT = """---
title: 天罡 T900 规格
publisher: 测试日报
published: 2025-05-01
---
# 天罡 T900

天罡 T900 的显存容量为 96GB，显存带宽为 2.4TB/s。天罡 T900 的功耗为 350W。
"""


def run(
    home: Path, *arguments: str, stdin: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    made = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "XINWEN_HOME": str(home), "PYTHONUTF8": "1", **environment},
    )
    return subprocess.CompletedProcess(made.args, made.returncode, made.stdout.decode(), made.stderr.decode())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one document in it, vectors included."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "t900.md").write_text(DOCUMENT, "utf-8")
    made = run(folder / "home", "ingest", "--json", str(folder / "t900.md"))
    assert made.returncode == 0, made.stderr
    assert len(json.loads(made.stdout)["added"]) == 1
    return folder / "home"


def test_ask_gives_the_figure_with_its_quote(filled: Path) -> None:
    made = run(filled, "ask", "--json", "天罡 T900 的显存带宽是多少？")
    answer = json.loads(made.stdout)
    assert made.returncode == 0
    assert answer["status"] == "answered"
    assert "2.4" in answer["text"]
    assert "2.4TB/s" in answer["citations"][0]["quote"]


def test_ask_prints_text_and_sources(filled: Path) -> None:
    made = run(filled, "ask", "天罡 T900 的功耗？")
    assert "350" in made.stdout
    assert "[1] 天罡 T900 规格 · 测试日报 · 2025-05-01" in made.stdout


def test_the_way_of_an_answer_imports_nothing_heavy(filled: Path) -> None:
    code = (
        "import sys; sys.argv = ['xinwen', 'ask', '天罡 T900 的显存？']\n"
        "from assistant.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'sentence_transformers', 'gradio', 'fastapi', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    made = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "XINWEN_HOME": str(filled)},
    )
    assert made.returncode == 0, made.stderr.decode()


@pytest.mark.parametrize(("question", "said"), [("", "empty"), ("   ", "empty"), ("问" * 10_000, "10,000")])
def test_a_question_that_cannot_be_asked_is_wrong_usage(filled: Path, question: str, said: str) -> None:
    made = run(filled, "ask", question)
    assert made.returncode == 2
    assert said in made.stderr
    assert made.stdout == ""
    assert "Traceback" not in made.stderr


@pytest.mark.parametrize(
    "question", ['"OR 1=1', "NEAR(", "*", "🙂🙂🙂", "'; DROP TABLE documents; --", "-h20", "a" * 1500, "\x1b[2J"]
)
def test_odd_questions_get_an_answer(filled: Path, question: str) -> None:
    made = run(filled, "ask", "--json", "--", question)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["status"] in ("refused", "clarify", "answered", "partial")


def test_batch_keeps_order_and_a_bad_line_has_its_own_error(filled: Path, tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "question": "天罡 T900 的显存？"}),
        "{broken",
        "",
        json.dumps({"id": 3, "question": "  "}),
        json.dumps({"id": 4, "question": "它的功耗呢？", "history": ["天罡 T900 的显存？"]}),
        json.dumps([1]),
        json.dumps({"id": 6, "question": "x", "history": "y"}),
    ]
    source = tmp_path / "in.jsonl"
    source.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    made = run(filled, "batch", str(source))
    out = [json.loads(line) for line in made.stdout.splitlines()]
    assert made.returncode == 1
    assert ["answer" if "answer" in row else row["line"] for row in out] == ["answer", 2, 4, "answer", 6, 7, 8]
    assert "350" in out[3]["answer"]["text"]
    assert [row.get("id") for row in out] == [1, None, 3, 4, None, 6, None]
    assert "line 2" in made.stderr


def test_batch_reads_stdin_and_names_a_file_that_is_not_there(filled: Path) -> None:
    assert run(filled, "batch", "-", stdin='{"id": 1, "question": "天罡 T900 的显存？"}'.encode()).returncode == 0
    made = run(filled, "batch", "/nowhere/in.jsonl")
    assert made.returncode == 2
    assert "/nowhere/in.jsonl" in made.stderr


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_search_ranks_passages(filled: Path, mode: str) -> None:
    made = run(filled, "search", "--json", "--mode", mode, "-k", "3", "T900 显存")
    hits = json.loads(made.stdout)
    assert 1 <= len(hits) <= 3
    assert "96GB" in hits[0]["text"]
    assert hits[0]["score"] >= hits[-1]["score"]


def test_ingest_goes_on_after_a_bad_input_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(DOCUMENT, "utf-8")
    (tmp_path / "empty.md").write_text("")
    made = run(
        tmp_path / "home", "ingest", "--json", str(tmp_path / "good.md"), str(tmp_path / "empty.md"), "/nowhere.md"
    )
    report = json.loads(made.stdout)
    assert made.returncode == 1
    assert len(report["added"]) == 1
    assert len(report["failed"]) == 2
    assert "empty.md" in made.stderr
    assert "/nowhere.md" in made.stderr
    again = run(tmp_path / "home", "ingest", "--json", str(tmp_path / "good.md"))
    assert json.loads(again.stdout)["unchanged"]


def test_status_and_figures(filled: Path) -> None:
    facts = json.loads(run(filled, "status", "--json").stdout)
    assert facts["documents"] == 1
    assert facts["pending"] == 0
    rows = json.loads(run(filled, "figures", "--json", "--attribute", "memory_bandwidth").stdout)
    assert [(row["value"], row["unit"]) for row in rows] == [("2.4", "TB/s")]
    table = list(csv.DictReader(io.StringIO(run(filled, "figures", "--csv").stdout)))
    assert {"product", "value", "unit", "publisher", "quote", "conflict"} <= set(table[0])
    assert "天罡" in run(filled, "figures").stdout
    assert run(filled, "figures", "--json", "--unowned").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["figures", "--product", "没有这个产品X"],
        ["figures", "--attribute", "nonsense"],
        ["figures", "--json", "--csv"],
        ["search", "--mode", "magic", "x"],
        ["search", "-k", "0", "x"],
        ["nonsense"],
        ["ask"],
        ["ask", "--nonsense", "x"],
    ],
)
def test_wrong_usage_is_2_and_says_why(filled: Path, arguments: list[str]) -> None:
    made = run(filled, *arguments)
    assert made.returncode == 2, made.stderr
    assert made.stderr.strip()
    assert "Traceback" not in made.stderr


def test_a_wrong_setting_is_2_and_names_it(filled: Path) -> None:
    made = run(filled, "ask", "x", XINWEN_TIMEOUT="soon")
    assert made.returncode == 2
    assert "XINWEN_TIMEOUT" in made.stderr


def test_a_home_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    made = run(tmp_path / "file", "ask", "S4000 的显存？")
    assert made.returncode == 1
    assert str(tmp_path / "file") in made.stderr
    assert "Traceback" not in made.stderr


def test_an_unreachable_model_costs_a_warning_and_not_the_answer(filled: Path) -> None:
    made = run(
        filled,
        "ask",
        "--json",
        "天罡 T900 的显存？",
        XINWEN_MODEL="openai:x",
        XINWEN_RETRIES="0",
        XINWEN_MODEL_BASE_URL="http://127.0.0.1:9/v1",
    )
    assert made.returncode == 0
    assert "96" in json.loads(made.stdout)["text"]
    assert "cannot be reached" in made.stderr


def test_a_reader_that_leaves_early_is_no_error(filled: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "figures", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "XINWEN_HOME": str(filled)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)


def test_an_interrupt_says_how_to_resume(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "sync"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "XINWEN_HOME": str(tmp_path / "home")},
    )
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "resume" in errors.decode()
    assert "Traceback" not in errors.decode()


def test_help_teaches() -> None:
    made = subprocess.run([sys.executable, "-m", "assistant", "--help"], capture_output=True, check=False, text=True)
    for command in ("ask", "batch", "search", "ingest", "sync", "status", "figures", "eval", "serve"):
        assert command in made.stdout


def test_addresses_and_feeds_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.web.site import serving

    home = tmp_path / "home"
    with serving() as site:
        monkeypatch.setenv("XINWEN_ALLOWED_HOSTS", site.name)
        monkeypatch.setenv("XINWEN_WEB_DELAY", "0")
        page = "<html><head><title>天罡Z{0}发布</title></head><body><p>天罡Z{0}的显存容量为3{0}GB，功耗为27{0}W。</p></body></html>"
        one, two = (site.put(f"/z{at}.html", page.format(at)) for at in (1, 2))
        feed = site.put(
            "/feed",
            f'<rss version="2.0"><channel><title>快讯</title><item><title>二</title><link>{two}</link></item></channel></rss>',
            "application/rss+xml",
        )
        done = run(home, "ingest", "--json", one, f"{site.url}/none", "ftp://x/y")
        assert done.returncode == 1
        report = json.loads(done.stdout)
        assert report["added"] == [one]
        assert [failure["origin"] for failure in report["failed"]] == [f"{site.url}/none", "ftp://x/y"]
        assert run(home, "feeds", "add", feed, one).returncode == 1
        assert json.loads(run(home, "feeds", "pull", "--json").stdout)["added"] == [two]
        assert "快讯" in run(home, "feeds", "list").stdout
        assert "272 W" in run(home, "ask", "天罡Z2的功耗").stdout
        assert run(home, "feeds", "remove", feed).returncode == 0
        assert run(home, "feeds", "remove", feed).returncode == 1
