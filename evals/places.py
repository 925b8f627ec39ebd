"""Answers over files of each format: the right figure, cited with the right page, sheet or slide.

The files are written here, by the programs and libraries that people's files come from (reportlab, python-docx, openpyxl,
python-pptx, LibreOffice where it is installed), about cards that no catalogue lists; each page, sheet or slide tells of
another card. `python -m evals.places` asks about every one of them and prints what went wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import Answer, Assistant

_SIDES = 4
_WORDS = ("推理", "训练", "视频", "边缘")


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the files: what is stated of it, and the page, sheet or slide that says so ("" where there is none)."""

    name: str
    memory: int
    bandwidth: int
    compute: int
    power: int
    place: str

    def prose(self) -> str:
        return (
            f"{self.name}的显存容量为{self.memory}GB，显存带宽为{self.bandwidth}GB/s，"
            f"FP16算力为{self.compute}TFLOPS，功耗为{self.power}W。"
        )

    def row(self) -> list[str]:
        return [self.name, f"{self.memory}GB", f"{self.bandwidth}GB/s", f"{self.compute}TFLOPS", f"{self.power}W"]


HEADER = ["产品型号", "显存容量", "显存带宽", "FP16算力", "功耗"]


def cards(stem: str, places: Sequence[str], chance: random.Random) -> list[Card]:
    """A card a place, its name and figures like no other's."""
    return [
        Card(
            f"{stem}K{at + 2}{chance.randrange(10, 99)}",
            chance.randrange(17, 190),
            chance.randrange(301, 3999),
            chance.randrange(101, 1999),
            chance.randrange(71, 699),
            place,
        )
        for at, place in enumerate(places)
    ]


# --- one writer a format: the file for these cards ---------------------------------------------------------------------


def _pdf(path: Path, given: Sequence[Card]) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("text", fontName="STSong-Light", fontSize=11, leading=17)
    story: list[object] = []
    for at, card in enumerate(given):
        story.append(Paragraph(f"第{at + 1}章 面向{_WORDS[at % len(_WORDS)]}的产品", style))
        if at % 2:
            line = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), "STSong-Light", 10)]
            story.append(Table([HEADER, card.row()], style=line))
        else:
            story.append(Paragraph(card.prose(), style))
        story.append(PageBreak())
    SimpleDocTemplate(str(path)).build(story)


def _docx(path: Path, given: Sequence[Card]) -> None:
    import docx

    file = docx.Document()
    for at, card in enumerate(given):
        file.add_heading(f"面向{_WORDS[at % len(_WORDS)]}的产品", 1)
        if at % 2:
            table = file.add_table(2, len(HEADER), style="Table Grid")
            for row, words in enumerate((HEADER, card.row())):
                for column, word in enumerate(words):
                    table.cell(row, column).text = word
        else:
            file.add_paragraph(card.prose())
        if at + 1 < len(given):
            file.add_page_break()
    file.save(str(path))


def _xlsx(path: Path, given: Sequence[Card]) -> None:
    import openpyxl

    file = openpyxl.Workbook()
    for at, card in enumerate(given):
        sheet = file.active if at == 0 else file.create_sheet()
        sheet.title = card.place.removeprefix("sheet ")
        if at % 2:
            for key, value in zip(HEADER, card.row(), strict=True):
                sheet.append([key, value])
        else:
            sheet.append(["产品型号", "显存容量（GB）", "显存带宽（GB/s）", "FP16算力（TFLOPS）", "功耗（W）"])
            sheet.append([card.name, card.memory, card.bandwidth, card.compute, card.power])
    file.save(str(path))


def _pptx(path: Path, given: Sequence[Card]) -> None:
    import pptx
    from pptx.util import Inches

    file = pptx.Presentation()
    for at, card in enumerate(given):
        slide = file.slides.add_slide(file.slide_layouts[5])
        slide.shapes.title.text = f"面向{_WORDS[at % len(_WORDS)]}的产品"
        if at % 2:
            table = slide.shapes.add_table(2, len(HEADER), Inches(0.5), Inches(2), Inches(9), Inches(1)).table
            for row, words in enumerate((HEADER, card.row())):
                for column, word in enumerate(words):
                    table.cell(row, column).text = word
        else:
            box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(8), Inches(2))
            box.text_frame.word_wrap = True
            box.text_frame.text = card.prose()
    file.save(str(path))


def _csv(path: Path, given: Sequence[Card]) -> None:
    path.write_text("\n".join(",".join(row) for row in (HEADER, *(card.row() for card in given))), "utf-8-sig")


def _html(path: Path, given: Sequence[Card]) -> None:
    body = "".join(
        f"<h2>{card.name}</h2><p>{card.prose()}</p>"
        if at % 2
        else f"<table><tr>{''.join(f'<th>{word}</th>' for word in HEADER)}</tr>"
        f"<tr>{''.join(f'<td>{word}</td>' for word in card.row())}</tr></table>"
        for at, card in enumerate(given)
    )
    title = "<title>新品规格</title><meta charset=utf-8>"
    path.write_text(
        f"<html><head>{title}</head><body><article><h1>新品规格</h1>{body}</article></body></html>", "utf-8"
    )


def _md(path: Path, given: Sequence[Card]) -> None:
    path.write_text("# 新品规格\n\n" + "\n\n".join(card.prose() for card in given), "utf-8")


_NUMBERS = tuple(str(number) for number in range(1, _SIDES + 1))
_SLIDES = tuple(f"slide {number}" for number in range(1, _SIDES + 1))
_SHEETS = tuple(f"sheet {name}" for name in ("推理卡", "训练卡", "视频卡", "边缘卡"))
_NONE = ("",) * _SIDES
FORMATS: dict[str, tuple[str, Sequence[str], Callable[[Path, Sequence[Card]], None]]] = {
    "pdf": ("霜刃", _NUMBERS, _pdf),
    "docx": ("鹿鸣", _NONE, _docx),
    "xlsx": ("青岚", _SHEETS, _xlsx),
    "pptx": ("听涛", _SLIDES, _pptx),
    "csv": ("望舒", _NONE, _csv),
    "html": ("洛书", _NONE, _html),
    "md": ("扶摇", _NONE, _md),
}
# The same files once more, opened and saved by an office suite; a Word file printed to PDF has pages.
CONVERTED = {
    "docx": ("碧落", _NUMBERS, "pdf"),
    "xlsx": ("沧浪", _SHEETS, "xlsx"),
    "pptx": ("归墟", _SLIDES, "pptx"),
}


def write(folder: Path, seed: int = 5) -> dict[str, list[Card]]:
    """A file of each format in `folder`, and the cards in it by the file's name."""
    chance = random.Random(seed)
    told: dict[str, list[Card]] = {}
    for suffix, (stem, places, writer) in FORMATS.items():
        given = cards(stem, places, chance)
        writer(folder / f"{stem}.{suffix}", given)
        told[f"{stem}.{suffix}"] = given
    office = shutil.which("soffice")
    for suffix, (stem, places, kind) in CONVERTED.items() if office else ():
        given = cards(stem, places, chance)
        with tempfile.TemporaryDirectory() as own:
            source = Path(own) / f"{stem}.{suffix}"
            FORMATS[suffix][2](source, given)
            profile = f"-env:UserInstallation=file://{own}/profile"
            command = [str(office), profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)]
            subprocess.run(command, check=True, capture_output=True, timeout=200)
        told[f"{stem}.{kind}"] = given
    return told


# --- asking ------------------------------------------------------------------------------------------------------------

_ASKED: tuple[tuple[str, Callable[[Card], str]], ...] = (
    ("{name}的显存容量是多少？", lambda card: f"{card.memory} GB"),
    ("What is the memory bandwidth of the {name}?", lambda card: f"{card.bandwidth} GB/s"),
    ("{name} FP16 算力", lambda card: f"{card.compute} TFLOPS"),
    ("{name} 功耗多少瓦", lambda card: f"{card.power} W"),
)


def problems(answer: Answer, card: Card, words: str, name: str) -> list[str]:
    """What is wrong with the answer about `card`, whose figure is `words` and which only the file `name` tells of."""
    found = []
    if answer.status != "answered" or words not in answer.text:
        found.append(f"should say {words}; says ({answer.status}) {answer.text[:120]}")
    for citation in answer.citations:
        if str(citation.page or "") != card.place:
            found.append(f"cites the place {citation.page!r}, not {card.place!r}")
        if card.name not in citation.quote + citation.title and words.split(" ")[0] not in citation.quote:
            found.append(f"quotes {citation.quote[:80]!r}")
    return found if answer.citations else [*found, "cites nothing"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files, reads them, asks, prints the misses; returns 1 when there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=5, help="which figures the files hold")
    options = parser.parse_args(arguments)
    wrong = asked = 0
    with tempfile.TemporaryDirectory() as folder, Assistant.open(Path(folder) / "home") as xinwen:
        files = Path(folder) / "files"
        files.mkdir()
        told = write(files, options.seed)
        report = xinwen.ingest([files], embed=False)
        for failure in report.failed:
            print(f"not read: {failure.origin}: {failure.reason}")
        wrong += len(report.failed)
        for name, given in told.items():
            right = 0
            for card in given:
                for question, words in _ASKED:
                    text = question.format(name=card.name)
                    found = problems(xinwen.ask(text), card, words(card), name)
                    asked, wrong, right = asked + 1, wrong + bool(found), right + (not found)
                    for line in found:
                        print(f"    {name}: {text} {line}")
            print(f"{name:<12} {right} of {len(given) * len(_ASKED)} answered with the right figure and place")
    print(f"{asked - wrong} of {asked} questions")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
