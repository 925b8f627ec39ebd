"""Bad input as a user meets it: one clear line, the right exit code, and nothing lost beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

GOOD = "---\ntitle: 好文档\npublisher: 社\npublished: 2025-01-01\n---\n天罡G2显存48GB。\n"


def xinwen(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    command = [sys.executable, "-m", "assistant", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment})


def test_bad_files_in_a_folder_are_named_and_the_good_ones_are_there(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text(GOOD, "utf-8")
    (folder / "plain.txt").write_text("没有标题也没有日期的一段话，天罡G5功耗99W。", "utf-8")
    (folder / "empty.md").write_text("")
    (folder / "binary.txt").write_bytes(b"\x00\x01\x02\x03")
    (folder / "huge.txt").write_bytes("大".encode() * 17_000_000)
    (folder / "gone.md").symlink_to(tmp_path / "nowhere.md")
    home = tmp_path / "home"
    done = xinwen(home, "ingest", "--json", str(folder))
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert len(report["added"]) == 2
    failed = {Path(failure["origin"]).name: failure["reason"] for failure in report["failed"]}
    assert set(failed) == {"empty.md", "binary.txt", "huge.txt", "gone.md"}
    assert "empty" in failed["empty.md"]
    assert "binary" in failed["binary.txt"]
    assert "larger" in failed["huge.txt"]
    assert "Traceback" not in done.stderr
    assert "48 GB" in xinwen(home, "ask", "天罡G2的显存").stdout
    assert "99 W" in xinwen(home, "ask", "天罡G5的功耗").stdout


def test_a_home_that_cannot_be_written_says_which_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = xinwen(file / "home", "ask", "昇腾310 的功耗")
    assert done.returncode != 0
    assert str(file / "home") in done.stderr
    assert "--home" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_catalogue_with_a_clash_names_the_alias_and_both_entries(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalog.yaml"
    catalogue.write_text(
        "vendors: [{id: a, zh: 甲, en: A1}]\n"
        "products: [{id: x, vendor: a, zh: 天罡一, en: X, aliases: [G2]}, {id: y, vendor: a, zh: 天罡二, en: Y, aliases: [g-2]}]\n"
        "attributes: []\n",
        "utf-8",
    )
    done = xinwen(tmp_path / "home", "ask", "天罡", XINWEN_CATALOG=str(catalogue))
    assert done.returncode != 0
    assert "'g-2'" in done.stderr
    assert "'x'" in done.stderr
    assert "'y'" in done.stderr


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    from knowledge.home import prepare, writing

    home = prepare(tmp_path / "home")
    with writing(home):
        done = xinwen(home, "sync")
    assert done.returncode != 0
    assert "another process" in done.stderr
    assert str(home) in done.stderr


def test_an_index_of_another_model_says_how_to_mend_it(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text(GOOD, "utf-8")
    home = tmp_path / "home"
    assert xinwen(home, "ingest", str(folder)).returncode == 0
    done = xinwen(
        home,
        "search",
        "--mode",
        "dense",
        "显存",
        XINWEN_EMBEDDING_ENGINE="sentence-transformers",
        XINWEN_EMBEDDING_MODEL="other/model",
    )
    assert done.returncode != 0
    assert "xinwen sync --rebuild" in done.stderr
    assert "48 GB" in xinwen(home, "ask", "天罡G2的显存").stdout
