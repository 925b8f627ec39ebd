"""Formats: `python -m evals.bench.formats [FILE.pdf …]` measures the pages of PDF a second, from bytes to text.

Without files it writes two of its own: dense prose, and a page-filling ruled table. Needs reportlab for that.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from evals.bench.__main__ import Line
from knowledge.loaders import load_bytes

# From issue to answer nobody waits for a report of fifty pages longer than ten seconds.
BOUND = 5.0


def measure(name: str, data: bytes) -> Line:
    """Pages a second by the processor's clock: other work on the machine is not counted."""
    start = time.process_time()
    document = load_bytes(data, name, f"bench:{name}")
    return Line(
        f"PDF pages a second, {name}", len(document.pages) / (time.process_time() - start), BOUND, "/s", least=True
    )


def samples(pages: int = 40) -> dict[str, bytes]:
    """A PDF of prose, about 1,500 characters a page, and one of a ruled table, 45 rows of six columns a page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    prose, table = io.BytesIO(), io.BytesIO()
    canvas = Canvas(prose, pagesize=A4)
    for page in range(pages):
        canvas.setFont("STSong-Light", 11)
        for line in range(42):
            canvas.drawString(
                60,
                780 - 17 * line,
                f"第{page}页第{line}行：这一款加速卡的功耗为{300 + line}W，显存为96GB，面向大模型推理场景。",
            )
        canvas.showPage()
    canvas.save()
    rows = [
        [f"天罡T{row}", f"{row} TFLOPS", "96GB", f"{100 + row}W", "2025年", "HBM3"] for row in range(pages // 2 * 38)
    ]
    style = TableStyle([("FONT", (0, 0), (-1, -1), "STSong-Light"), ("GRID", (0, 0), (-1, -1), 0.5, "black")])
    SimpleDocTemplate(table, pagesize=A4).build([Table(rows, style=style, repeatRows=1)])
    return {"prose.pdf": prose.getvalue(), "table.pdf": table.getvalue()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line a file; the exit code is 1 when one is too slow."""
    named = sys.argv[1:] if arguments is None else arguments
    files = {Path(name).name: Path(name).read_bytes() for name in named} or samples()
    lines = [measure(name, data) for name, data in files.items()]
    print("\n".join(map(str, lines)))
    return int(not all(line.holds for line in lines))


if __name__ == "__main__":
    sys.exit(main())
