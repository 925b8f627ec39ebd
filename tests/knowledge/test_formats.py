"""Formats: PDF, DOCX, XLSX and PPTX, written by real programs, become text with pages; bad files are one clear failure."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders import load, load_bytes
from knowledge.loaders.sheets import shown
from knowledge.passages import split
from knowledge.tables import find_tables

SPEC = [["型号", "显存", "功耗"], ["天罡G2", "48GB", "300W"], ["天罡G2 Pro", "96GB", "450W"]]


def soffice(source: Path, kind: str) -> Path:
    """`source` converted by LibreOffice into a folder beside it."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip(
            "LibreOffice (soffice) is not installed: apt-get install libreoffice-writer libreoffice-calc libreoffice-impress"
        )
    folder = source.parent / "converted"
    home = f"-env:UserInstallation=file://{source.parent}/profile"
    subprocess.run(
        [program, home, "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        timeout=200,
    )
    return folder / f"{source.stem}.{kind}"


def pdf(draw: Callable[[object], None], **options: object) -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), **options)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def write(canvas: object, x: float, y: float, lines: list[str], size: float = 11, pitch: float = 16) -> None:
    canvas.setFont("STSong-Light", size)
    for at, line in enumerate(lines):
        canvas.drawString(x, y - at * pitch, line)


def cells(document: Document) -> list[list[list[str]]]:
    return [
        [[cell.text for cell in row] for row in (table.header, *table.rows)] for table in find_tables(document.text)
    ]


def page_of(document: Document, words: str) -> str | None:
    return next(passage.page for passage in split(document) if words in passage.text)


# --- PDF


def report(canvas: object) -> None:
    for number in range(1, 5):
        write(canvas, 60, 810, ["凌霄科技 内部资料"], 9)
        write(canvas, 60, 760, [f"第{number}节 概述"], 18)
        write(
            canvas,
            60,
            720,
            [
                f"天罡G{number}加速卡的功耗为{number}50W，面向大模型推理与训练场景，已经向首批行业客户送样，",
                "并将在今年继续扩大产能。",
            ],
        )
        write(canvas, 280, 30, [f"— {number} —"], 9)
        canvas.showPage()


def test_a_pdf_gives_text_with_page_numbers_without_running_lines() -> None:
    document = load_bytes(pdf(report), "report.pdf", "r")
    assert [label for _, label in document.pages] == ["1", "2", "3", "4"]
    assert page_of(document, "350W") == "3"
    assert "内部资料" not in document.text
    assert "—" not in document.text
    assert "送样，并将在今年" in document.text
    assert "## 第2节 概述" in document.text


def test_a_first_line_with_another_figure_on_each_page_is_no_header() -> None:
    def draw(canvas: object) -> None:
        for watts in (300, 350, 450, 700):
            write(canvas, 60, 800, [f"功耗为{watts}W"])
            canvas.showPage()

    text = load_bytes(pdf(draw), "a.pdf", "a").text
    assert all(f"功耗为{watts}W" in text for watts in (300, 350, 450, 700))


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [f"左栏第{n}行说的是天罡加速卡的推理性能表现，" for n in range(12)]
    right = [f"右栏第{n}行说的是整机厂商的供货安排情况，" for n in range(12)]

    def draw(canvas: object) -> None:
        write(canvas, 60, 780, ["天罡白皮书：一个横跨两栏的很长的标题在这里写到页面右边"], 18)
        write(canvas, 50, 730, left)
        write(canvas, 320, 730, right)

    text = load_bytes(pdf(draw), "two.pdf", "t").text
    places = [text.index(line) for line in (*left, *right)]
    assert places == sorted(places)
    assert "".join(left) in text


def test_a_ruled_table_goes_on_under_its_header_on_the_next_page() -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

    pdf(lambda canvas: None)
    rows = [["型号", "算力", "", "功耗"], ["", "FP16", "INT8", ""]] + [
        [f"天罡T{n}", f"{n} TFLOPS", f"{2 * n} TOPS", f"{100 + n}W"] for n in range(1, 61)
    ]
    style = TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), "STSong-Light"),
            ("GRID", (0, 0), (-1, -1), 0.5, "black"),
            ("SPAN", (1, 0), (2, 0)),
            ("SPAN", (0, 0), (0, 1)),
            ("SPAN", (3, 0), (3, 1)),
        ]
    )
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4).build([Table(rows, style=style)])
    document = load_bytes(buffer.getvalue(), "table.pdf", "t")
    found = cells(document)
    assert len(found) == 2
    assert all(table[0] == ["型号", "算力 FP16", "算力 INT8", "功耗"] for table in found)
    assert [row for table in found for row in table[1:]] == rows[2:]
    assert page_of(document, "160W") == "2"


def test_a_table_without_lines_is_a_table() -> None:
    def draw(canvas: object) -> None:
        for column, x in enumerate((60, 200, 320)):
            write(canvas, x, 700, [row[column] for row in SPEC])

    assert cells(load_bytes(pdf(draw), "a.pdf", "a")) == [SPEC]


def test_bold_by_double_printing_and_footnote_marks_do_not_change_figures() -> None:
    def draw(canvas: object) -> None:
        for shift in (0, 0.3):
            canvas.setFont("Helvetica", 12)
            canvas.drawString(60 + shift, 700, "Memory 96 GB")
        canvas.drawString(60, 600, "Power 300 W")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(60 + 66, 605, "2")

    text = load_bytes(pdf(draw), "a.pdf", "a").text
    assert "Memory 96 GB" in text
    assert "Power 300 W²" in text


def scanned(canvas: object) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(Image.new("RGB", (60, 80), "gray")), 0, 0, 595, 842)
    canvas.showPage()


def test_scanned_pages_are_reported() -> None:
    with pytest.raises(DocumentError, match=r"scan\.pdf holds no text.*scanned.*OCR"):
        load_bytes(pdf(scanned), "scan.pdf", "s")

    def mixed(canvas: object) -> None:
        report(canvas)
        scanned(canvas)

    document = load_bytes(pdf(mixed), "mixed.pdf", "m")
    assert len(document.warnings) == 1
    assert "page 5" in document.warnings[0]


def test_an_encrypted_pdf_asks_for_one_without_a_password() -> None:
    with pytest.raises(DocumentError, match="password"):
        load_bytes(pdf(report, encrypt="secret"), "a.pdf", "a")


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7])
def test_a_cut_pdf_is_damaged_or_read_in_part_and_never_a_crash(keep: float) -> None:
    data = pdf(report)
    try:
        outcome = load_bytes(data[: int(len(data) * keep)], "a.pdf", "a").text
    except DocumentError as error:
        outcome = str(error)
    assert "加速卡的功耗" in outcome or "a.pdf" in outcome


def test_a_pdf_whose_stream_unpacks_without_end_is_refused() -> None:
    import zlib

    stream = zlib.compress(b"0 0 m " * 20_000_000, 9)
    data = b"%%PDF-1.4\n1 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n" % (
        len(stream),
        stream,
    )
    with pytest.raises(DocumentError, match="unpacks to more than"):
        load_bytes(data, "bomb.pdf", "b")


def test_an_interrupted_long_pdf_leaves_nothing_half_stored(tmp_path: Path) -> None:
    def draw(canvas: object) -> None:
        for number in range(2000):
            write(canvas, 60, 780, [f"第{number}页第{line}行，天罡加速卡的功耗为300W。" for line in range(40)])
            canvas.showPage()

    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(draw))
    program = "import sys\nfrom pathlib import Path\nfrom knowledge.catalog import Catalog\nfrom knowledge.store import Store\nfrom knowledge.sync import Sync\nstore = Store(Path(sys.argv[1]))\nprint('ready', flush=True)\nSync(store, Catalog.load()).ingest([sys.argv[2]])\n"
    running = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "x.db"), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=os.getcwd(),
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"ready\n"
    time.sleep(4)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=15)
    assert running.returncode != 0
    from knowledge.store import Store

    counts = Store(tmp_path / "x.db").counts()
    assert (counts.documents, counts.passages, counts.figures) == (0, 0, 0)


# --- Office files


def word(path: Path) -> Path:
    import docx

    file = docx.Document()
    file.add_heading("天罡G2 产品说明", 1)
    file.add_paragraph("天罡G2加速卡的显存为48GB，功耗为300W。")
    table = file.add_table(4, 4)
    for at, row in enumerate(
        [
            ["型号", "算力", "", "功耗"],
            ["", "FP16", "INT8", ""],
            ["天罡G2", "200 TFLOPS", "400 TOPS", "300W"],
            ["天罡G3", "300 TFLOPS", "600 TOPS", "350W"],
        ]
    ):
        for column, words in enumerate(row):
            table.cell(at, column).text = words
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 3).merge(table.cell(1, 3))
    file.add_page_break()
    file.add_heading("供货", 2)
    file.add_paragraph("首批出货5000张。")
    file.save(str(path))
    return path


def deck(path: Path) -> Path:
    import pptx
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    file = pptx.Presentation()
    for title, words in (
        ("天罡路线图", "天罡G2于2025年量产。"),
        ("规格", ""),
        ("出货", "首批出货5000张。"),
        ("草稿", "功耗为999W。"),
    ):
        slide = file.slides.add_slide(file.slide_layouts[5])
        slide.shapes.title.text = title
        if words:
            slide.shapes.add_textbox(Inches(1), Inches(2), Inches(6), Inches(1)).text_frame.text = words
    table = file.slides[1].shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for at, row in enumerate(SPEC):
        for column, words in enumerate(row):
            table.cell(at, column).text = words
    data = CategoryChartData()
    data.categories = ["2024年", "2025年"]
    data.add_series("出货量（万张）", (1.5, 4))
    file.slides[2].shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(3), Inches(6), Inches(3), data)
    file.slides[3]._element.set("show", "0")
    file.slides[0].notes_slide.notes_text_frame.text = "讲稿：峰值功耗300W。"
    file.save(str(path))
    return path


def book(path: Path) -> Path:
    import openpyxl

    file = openpyxl.Workbook()
    sheet = file.active
    sheet.title = "规格"
    sheet["A1"] = "天罡系列规格表"
    sheet.merge_cells("A1:C1")
    for row in SPEC:
        sheet.append(row)
    sheet["A7"], sheet["B7"], sheet["A8"], sheet["B8"], sheet["A9"], sheet["B9"] = (
        "季度",
        "占比",
        "一季度",
        0.356,
        "二季度",
        "=B8*2",
    )
    sheet["B8"].number_format = sheet["B9"].number_format = "0.0%"
    hidden = file.create_sheet("底稿")
    hidden.append(["型号", "功耗"])
    hidden.append(["天罡G2", "999W"])
    hidden.sheet_state = "hidden"
    second = file.create_sheet("出货")
    second.append(["型号", "出货量（万张）"])
    second.append(["天罡G2", 1.5])
    second.append(["天罡G3", 999])
    second.row_dimensions[3].hidden = True
    file.save(str(path))
    return path


WORD_TABLE = [
    ["型号", "算力 FP16", "算力 INT8", "功耗"],
    ["天罡G2", "200 TFLOPS", "400 TOPS", "300W"],
    ["天罡G3", "300 TFLOPS", "600 TOPS", "350W"],
]


@pytest.mark.parametrize("program", ["python-docx", "LibreOffice"])
def test_a_word_file_gives_headings_paragraphs_and_merged_tables(tmp_path: Path, program: str) -> None:
    path = word(tmp_path / "a.docx")
    document = load(path if program == "python-docx" else soffice(path, "docx"))
    assert document.title == "天罡G2 产品说明"
    assert cells(document) == [WORD_TABLE]
    assert "## 供货\n\n首批出货5000张。" in document.text
    assert program == "LibreOffice" or not document.pages  # no rendering, so no page number is claimed


def test_a_word_file_printed_to_pdf_says_the_same_with_pages(tmp_path: Path) -> None:
    document = load(soffice(word(tmp_path / "a.docx"), "pdf"))
    assert page_of(document, "5000张") == "2"
    assert page_of(document, "48GB") == "1"
    assert "200 TFLOPS" in document.text


def test_words_rendered_pages_are_counted_and_deleted_words_left_out() -> None:
    import docx
    from docx.oxml import parse_xml

    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    file = docx.Document()
    file.add_paragraph("天罡G2的功耗为300W。")
    for xml in (
        f"<w:p {namespace}><w:r><w:lastRenderedPageBreak/><w:t>天罡G3的功耗为350W。</w:t></w:r></w:p>",
        f"<w:p {namespace}><w:del><w:r><w:delText>旧值400W</w:delText></w:r></w:del><w:ins><w:r><w:t>新值450W</w:t></w:r></w:ins></w:p>",
        f"<w:sdt {namespace}><w:sdtContent><w:p><w:r><w:t>控件里的500W</w:t></w:r></w:p></w:sdtContent></w:sdt>",
    ):
        file.element.body.insert(len(file.element.body) - 1, parse_xml(xml))
    buffer = io.BytesIO()
    file.save(buffer)
    document = load_bytes(buffer.getvalue(), "a.docx", "a")
    assert (page_of(document, "300W"), page_of(document, "350W")) == ("1", "2")
    assert "新值450W" in document.text
    assert "旧值" not in document.text
    assert "控件里的500W" in document.text


@pytest.mark.parametrize("program", ["python-pptx", "LibreOffice"])
def test_slides_give_titles_tables_charts_and_notes_without_hidden_slides(tmp_path: Path, program: str) -> None:
    path = deck(tmp_path / "a.pptx")
    document = load(path if program == "python-pptx" else soffice(path, "pptx"))
    assert document.title == "天罡路线图"
    assert cells(document)[0] == SPEC
    assert ["2024年", "1.5"] in cells(document)[1]
    assert page_of(document, "96GB") == "slide 2"
    assert page_of(document, "5000张") == "slide 3"
    assert "峰值功耗300W" in document.text
    assert "999W" not in document.text
    assert document.warnings == ("the hidden slide 4 was left out",)


@pytest.mark.parametrize("program", ["openpyxl", "LibreOffice"])
def test_sheets_give_tables_captions_and_shown_values(tmp_path: Path, program: str) -> None:
    path = book(tmp_path / "a.xlsx")
    document = load(path if program == "openpyxl" else soffice(path, "xlsx"))
    tables = cells(document)
    assert tables[0] == SPEC
    assert "天罡系列规格表\n\n| 型号" in document.text
    assert tables[1][1] == ["一季度", "35.6%"]
    assert tables[2] == [["型号", "出货量（万张）"], ["天罡G2", "1.5"]]
    assert page_of(document, "96GB") == "sheet 规格"
    assert page_of(document, "出货量") == "sheet 出货"
    assert "999" not in document.text
    assert any("底稿" in warning for warning in document.warnings)
    # Only a program that computes stores a formula's value.
    assert (["二季度", "71.2%"] in tables[1]) == (program == "LibreOffice")
    assert any("formulas" in warning for warning in document.warnings) == (program == "openpyxl")


@pytest.mark.parametrize(
    ("value", "number_format", "words"),
    [
        (0.356, "0.0%", "35.6%"),
        (96, '0"GB"', "96GB"),
        (1234567.5, "#,##0.00", "1234567.5"),
        (96000, '#,##0,"K"', "96K"),
        (0.1 + 0.2, "General", "0.3"),
        (12.5, '"¥"0.00', "¥12.5"),
        (-5, '0"W";-0"W"', "-5W"),
        (True, "General", "TRUE"),
        ("#N/A", "General", ""),
        (10**15, "0", "1000000000000000"),
    ],
)
def test_a_cell_reads_as_the_sheet_shows_it(value: object, number_format: str, words: str) -> None:
    assert shown(value, number_format) == words


# --- What is refused


def repacked(path: Path, change: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, change.get(item, old.read(item)))
        for item in change.keys() - set(old.namelist()):
            new.writestr(item, change[item])
    return buffer.getvalue()


BILLION = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><l>&b;</l>'
MERGED = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'


@pytest.mark.parametrize(
    ("make", "name", "change", "message"),
    [
        (word, "a.docx", {"word/media/big.bin": bytes(301_000_000)}, "unpacks to 301 MB"),
        (book, "a.xlsx", {"xl/worksheets/sheet1.xml": b"<a>" + b" " * 65_000_000 + b"</a>"}, "64 MB of XML"),
        (word, "a.docx", {"word/document.xml": BILLION}, "entities"),
        (
            word,
            "a.docx",
            {"word/document.xml": BILLION.decode().replace("?>", ' encoding="UTF-16"?>').encode("utf-16")},
            "entities",
        ),
        (book, "a.xlsx", {"xl/workbook.xml": BILLION}, "entities"),
        (deck, "a.pptx", {"ppt/presentation.xml": BILLION}, "entities"),
        (deck, "a.pptx", {"../../etc/cron.d/x": b"x"}, "unsafe name"),
        (word, "a.docx", {"/etc/passwd": b"x"}, "unsafe name"),
        (book, "a.xlsx", {"C:\\evil.dll": b"x"}, "unsafe name"),
        (book, "a.xlsx", {"xl/worksheets/sheet1.xml": MERGED}, "merges"),
        (word, "a.docx", {"word/document.xml": b"<w:document"}, "damaged"),
        (word, "a.xlsx", {}, "no .xlsx file"),
    ],
)
def test_bombs_and_tricks_in_a_container_are_refused(
    tmp_path: Path, make: Callable[[Path], Path], name: str, change: dict[str, bytes], message: str
) -> None:
    data = repacked(make(tmp_path / "good"), change)
    start = time.perf_counter()
    with pytest.raises(DocumentError, match=message):
        load_bytes(data, name, "x")
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".xlsx", ".pptx"])
@pytest.mark.parametrize(
    "data", [b"no such file", b"PK\x03\x04broken", b"%PDF-1.7\nbroken", b"\xd0\xcf\x11\xe0" + bytes(600), b"\xff" * 100]
)
def test_bytes_of_another_kind_are_one_clear_failure(data: bytes, suffix: str) -> None:
    with pytest.raises(DocumentError, match=rf"a\{suffix}"):
        load_bytes(data, f"a{suffix}", "a")


def test_old_protected_and_huge_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"save it as \.docx"):
        load_bytes(b"\xd0\xcf\x11\xe0" + bytes(600), "a.doc", "a")
    with pytest.raises(DocumentError, match="password"):
        load_bytes(b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "a.docx", "a")
    huge = tmp_path / "huge.pdf"
    with huge.open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(DocumentError, match="larger than 100 MB"):
        load(huge)
