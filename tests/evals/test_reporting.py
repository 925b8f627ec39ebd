"""What a run reports: regressions against a baseline and thresholds, and files that CI servers and people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.answer import Answer, AnswerFigure, Citation, Table
from evals import baseline, cli, progress, report
from evals.baseline import BaselineError, Threshold
from evals.case import Case
from evals.grade import Problem
from evals.metrics import Graded, Measure, Usage, bootstrap, bootstrap_ratio, cost
from evals.plots import bars, histogram, trend
from evals.report import Results
from evals.suites import Item, SuiteRun

HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> ]]> @everyone [x](javascript:alert(1)) \x00"
)


def graded(name: str = "a", held: bool = True, value: float = 768, **more: Any) -> Graded:
    case = Case.model_validate({"id": name, "question": "?", "status": ["answered"], "tags": ["must-hold"], **more})
    figure = AnswerFigure(product="MTT S4000", attribute="memory_bandwidth", value=value, unit="GB/s", citation=1)
    answer = Answer(question="?", language="zh", status="answered", text="x", figures=(figure,))
    return Graded(case, answer, () if held else (Problem("status", "wrong"),), 0.01)


def suite(*runs: Graded, **measures: Measure) -> SuiteRun:
    items = tuple(
        Item(g.case.id, g.case.question, g.held, g.case.tags, "; ".join(p.text for p in g.problems), g.seconds)
        for g in runs
    )
    return SuiteRun("answers", items, measures, runs)


def before(tmp_path: Path, run: SuiteRun) -> baseline.Baseline:
    baseline.save([run], tmp_path / "b.json")
    return baseline.load(tmp_path / "b.json")


def test_a_must_hold_case_that_held_and_fails_is_a_regression(tmp_path: Path) -> None:
    old = before(tmp_path, suite(graded("a"), graded("b", held=False)))
    assert baseline.regressions(old, suite(graded("a"), graded("b", held=False))) == []
    found = baseline.regressions(old, suite(graded("a", held=False), graded("b", held=False)))
    assert found == ["answers: a held and now fails: wrong"]


def test_another_case_that_fails_is_shown_and_stops_nothing(tmp_path: Path) -> None:
    old = before(tmp_path, suite(graded("a", tags=["lookup"])))
    now = suite(graded("a", held=False, tags=["lookup"]))
    assert baseline.regressions(old, now) == []
    assert baseline.compare(old, now).broken == ("a",)


def test_another_value_where_one_was_stated_is_a_regression_though_the_case_holds(tmp_path: Path) -> None:
    old = before(tmp_path, suite(graded("a", tags=["lookup"])))
    found = baseline.regressions(old, suite(graded("a", value=766, tags=["lookup"])))
    assert found == [
        "answers: a stated MTT S4000 memory_bandwidth 768 GB/s, now states MTT S4000 memory_bandwidth 766 GB/s"
    ]


def test_a_metric_counts_as_worse_only_beyond_chance(tmp_path: Path) -> None:
    old = before(tmp_path, suite(graded("a"), answer_accuracy=Measure(0.99, 0.98, 1.0, 500)))
    chance = suite(graded("a"), answer_accuracy=Measure(0.98, 0.96, 0.995, 500))
    worse = suite(graded("a"), answer_accuracy=Measure(0.96, 0.95, 0.975, 500))
    assert baseline.regressions(old, chance) == []
    assert "answer_accuracy was 0.990" in baseline.regressions(old, worse)[0]


def test_metrics_of_a_part_are_not_compared_with_those_of_the_whole(tmp_path: Path) -> None:
    old = before(tmp_path, suite(graded("a"), graded("b"), answer_accuracy=Measure(0.99, 0.98, 1.0, 500)))
    assert baseline.regressions(old, suite(graded("a"), answer_accuracy=Measure(0.96, 0.95, 0.975, 50))) == []


def test_a_promise_is_broken_by_one_case_and_a_statistic_by_more_than_chance() -> None:
    one = Measure(0.01, 0.0, 0.03, 100)
    assert Threshold(0.0, exact=True, lower_is_better=True).missed(one)
    assert not Threshold(0.0, lower_is_better=True).missed(one)
    assert not Threshold(0.9).missed(Measure(0.88, 0.82, 0.93, 100))
    assert Threshold(0.9).missed(Measure(0.80, 0.72, 0.87, 100))


def test_without_a_baseline_every_case_is_held_to_what_it_says() -> None:
    assert "there is no baseline" in baseline.regressions(None, suite(graded("a", held=False)))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": 1, "held": {}, "metrics": {}}', "of format 1, this release reads format 2"),
        ("{}", "without a format"),
        ("not json", "not a baseline"),
        ('{"format": 2, "suites": {"answers": {"held": 3}}}', "not a baseline"),
    ],
)
def test_a_baseline_of_another_kind_is_explained(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BaselineError, match="--update-baseline"):
        baseline.load(path)
    assert cli.main(["--suite", "extraction", "--baseline", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_a_baseline_that_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--suite", "extraction", "--baseline", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_updating_one_suite_keeps_what_the_others_had(tmp_path: Path) -> None:
    baseline.save([suite(graded("a"))], tmp_path / "b.json")
    other = SuiteRun("extraction", (Item("e", "?", True, ()),), {})
    baseline.save([other], tmp_path / "b.json")
    assert set(baseline.load(tmp_path / "b.json").suites) == {"answers", "extraction"}


def hostile() -> Results:
    case = Case.model_validate(
        {
            "id": "bad",
            "question": HOSTILE,
            "history": [HOSTILE],
            "status": ["answered"],
            "strings": {"all": [HOSTILE]},
            "tags": ["must-hold", HOSTILE],
            "why": HOSTILE,
        }
    )
    cited = Citation(
        marker=1,
        document_id="d",
        title=HOSTILE,
        publisher=HOSTILE,
        url="javascript:alert(1)",
        quote=HOSTILE,
        start=0,
        end=9,
    )
    answer = Answer(
        question=HOSTILE,
        language="zh",
        status="answered",
        text=HOSTILE,
        citations=(cited,),
        table=Table(columns=(HOSTILE,), rows=((HOSTILE,),)),
    )
    bad = Graded(case, answer, (Problem("string", HOSTILE),), 0.02, usage=Usage(1, 0, 1000, 500))
    run = suite(bad, graded("good"), answer_accuracy=Measure(0.5, 0.0, 1.0, 2))
    return Results((run,), price_in=2.0, price_out=8.0, target=HOSTILE)


def test_every_file_is_written_and_says_the_same(tmp_path: Path) -> None:
    results = hostile()
    report.write(results, tmp_path)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [(s.get("tests"), s.get("failures")) for s in root] == [("2", "1")]
    whole = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert [item["held"] for item in whole["runs"][0]["items"]] == [False, True]
    assert whole["regressions"] == results.regressions != []
    assert "1 of 2 as expected" in (tmp_path / "summary.md").read_text("utf-8")
    assert len(report.history(tmp_path / "history.jsonl")) == 1


def test_a_comment_holds_no_markup_link_or_mention_of_a_document() -> None:
    from markdown_it import MarkdownIt

    text = report.markdown(hostile())
    assert "@everyone" not in text
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = {tag.casefold() for tag in re.findall(r"<(\w+)", rendered)}
    assert not tags & {"a", "img", "script"}, tags


def test_history_passes_over_lines_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "h").write_text('{"suites": {}}\nnonsense\n[1]\n{"other": 1}\n{"suites": {}}\n', "utf-8")
    assert len(report.history(tmp_path / "h")) == 2


def test_a_bootstrap_draws_whole_cases() -> None:
    measure = bootstrap([1.0] * 90 + [0.0] * 10)
    assert measure.value == 0.9
    assert 0.82 < measure.low < 0.9 < measure.high < 0.97
    assert bootstrap([1.0] * 5) == Measure(1.0, 1.0, 1.0, 5)
    assert bootstrap([]).n == 0
    assert bootstrap_ratio([(1, 2), (3, 3)]).value == 0.8


def test_cost_is_by_the_million() -> None:
    assert cost(Usage(3, 0, 500_000, 250_000), 2.0, 8.0) == 3.0


def test_progress_tells_what_is_left_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    assert list(progress.shown("answers")(iter(range(3)), 3)) == [0, 1, 2]
    assert re.search(r"answers: 1 of 3, about \d+ s left", capsys.readouterr().err)
    assert progress.eta(30.0, 10, 60) == "2 min 30 s"


def test_plots_are_drawn_for_one_and_for_nothing() -> None:
    assert "0.500 · 2" in bars({"a<b": Measure(0.5, 0.1, 0.9, 2)})
    assert "a<b" not in bars({"a<b": Measure(0.5, 0.1, 0.9, 2)})
    assert histogram([]) == ""
    assert histogram([0.0, 0.001, 3.0]).count("<rect") >= 3
    assert trend({"a": [1.0]}) == ""
    assert "polyline" in trend({"a": [1.0, None, 0.5]})


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    import shutil

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium here")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize(("locale", "title"), [("zh-CN", "芯问评测"), ("en-GB", "芯问 evals")])
def test_the_page_filters_and_lets_nothing_of_a_document_run(
    browser: Any, tmp_path: Path, locale: str, title: str
) -> None:
    report.write(hostile(), tmp_path)
    page = browser.new_page(locale=locale)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("h1 span:visible").inner_text() == title
    # It opens on what failed; the rest is a filter away.
    shown = page.locator("details.case:visible")
    assert shown.count() == 1
    shown.first.locator("summary").click()
    assert page.locator("blockquote:visible").count() == 1
    assert page.locator("blockquote a").count() == 0, "an address that is not of the web is no link"
    page.select_option("#state", "")
    assert shown.count() == 2
    page.fill("#words", "good")
    assert shown.count() == 1
    page.fill("#words", "nothing at all")
    assert page.locator("#none").is_visible()
    page.click("#language")
    assert page.locator("h1 span:visible").inner_text() != title
    assert page.evaluate("window.hacked") is None
    assert len(asked) == 1, f"the page must need nothing but itself: {asked}"
    assert errors == []
    page.close()


@pytest.mark.browser
def test_the_pages_policy_refuses_other_scripts(browser: Any, tmp_path: Path) -> None:
    report.write(hostile(), tmp_path)
    path = tmp_path / "report.html"
    path.write_text(path.read_text("utf-8").replace("</main>", "<script>window.hacked=1</script></main>"), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.hacked") is None
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_readable_in_dark_and_light_and_fits_a_phone(
    browser: Any, tmp_path: Path, scheme: str, width: int
) -> None:
    report.write(hostile(), tmp_path)
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast = page.evaluate(
        """() => {
          const of = (text) => { const [r, g, b] = text.match(/\\d+/g).map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = of(getComputedStyle(document.body).backgroundColor);
          return ['h1', '.soft', '.verdict strong', 'td.down', 'summary code'].map((name) => document.querySelector(name)).filter(Boolean)
            .map((node) => { const ink = of(getComputedStyle(node).color); return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05); });
        }"""
    )
    assert min(contrast) >= 4.5, contrast
    page.close()
