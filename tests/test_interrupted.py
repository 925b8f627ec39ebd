"""A long reading that is stopped half-way: what was read before stays, of the file in work nothing, and the rest goes on."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knowledge.store import Store

pytest.importorskip("reportlab")


def long_pdf(pages: int) -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    made = io.BytesIO()
    canvas = Canvas(made)
    for page in range(pages):
        canvas.setFont("STSong-Light", 11)
        for line in range(40):
            canvas.drawString(
                60, 780 - 17 * line, f"第{page}页第{line}行：天罡 T{page} 的功耗为{300 + line}W，面向推理。"
            )
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def ingest(home: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "assistant", "--home", str(home), "ingest", "--json", str(folder)]


def names(home: Path) -> list[str]:
    store = Store.open(home)
    found = sorted(Path(info.origin).name for info in store.documents())
    store.close()
    return found


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_pdf_of_two_thousand_pages_interrupted_half_way(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        (folder / f"a{number}.md").write_text(f"天罡 T{number} 的显存容量为 {16 + number}GB。", "utf-8")
    (folder / "b.pdf").write_bytes(long_pdf(2000))
    (folder / "c.md").write_text("天罡 T9 的显存容量为 96GB。", "utf-8")
    for how in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen(
            ingest(home, folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            time.sleep(12)
            assert process.poll() is None, "the file was read too fast to interrupt it"
            process.send_signal(how)
            _, said = process.communicate(timeout=60)
        assert "Traceback" not in said
        if how == signal.SIGINT:
            assert process.returncode == 130
            assert "Run the same command again" in said
        # Read before the long one: kept, even by a kill. Of the long one: nothing.
        assert names(home) == ["a0.md", "a1.md", "a2.md"]
        store = Store.open(home)
        assert {figure.text for figure in store.figures()} == {"16GB", "17GB", "18GB"}
        store.close()
    (folder / "b.pdf").write_bytes(long_pdf(3))
    done = subprocess.run(ingest(home, folder), capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert sorted(Path(origin).name for origin in report["unchanged"]) == ["a0.md", "a1.md", "a2.md"]
    assert sorted(Path(origin).name for origin in report["added"]) == ["b.pdf", "c.md"]


def test_a_file_of_three_hundred_megabytes_is_refused_unread(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.md").write_text("天罡 T9 的显存容量为 96GB。", "utf-8")
    for name in ("huge.txt", "huge.pdf", "huge.xlsx"):
        with (folder / name).open("wb") as file:
            os.truncate(file.fileno(), 300_000_000)
    done = subprocess.run(ingest(home, folder), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert [Path(origin).name for origin in report["added"]] == ["good.md"]
    assert {Path(failure["origin"]).name for failure in report["failed"]} == {"huge.txt", "huge.pdf", "huge.xlsx"}
    assert all("larger than" in failure["reason"] for failure in report["failed"])
    assert "Traceback" not in done.stderr
