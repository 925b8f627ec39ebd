"""Page: a run as one HTML file that needs nothing else: filters, changes, answers beside what they rest on, plots.

Everything that comes from cases, answers and documents is escaped, and the page's policy lets no script or style run
but its own two.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from assistant.answer import Answer, Citation
from evals import plots
from evals.baseline import MUST_HOLD, THRESHOLDS, Difference, shown_line
from evals.case import Case
from evals.metrics import Graded, by_tag
from evals.suites import Item, SuiteRun

if TYPE_CHECKING:
    from evals.report import Results


def page(results: Results, past: Sequence[Mapping[str, Any]]) -> str:
    """The page as text; `past` are the lines of the history, this run's last."""
    style, script = _own("report.css"), _own("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    worse = results.regressions
    failing = any(run.failed for run in results.runs)
    parts = [
        '<!doctype html><html lang="zh" data-lang="zh"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
        f"<title>芯问 evals {escape(results.when)}</title><style>{style}</style></head>",
        f'<body data-failing="{"yes" if failing else "no"}"><header><h1>{_t("芯问评测", "芯问 evals")}</h1>',
        f'<span class="soft">{escape(results.when)} · {escape(results.target)}</span>',
        '<button id="language" type="button">中文 / English</button></header><main>',
        _verdict(worse),
        *_suites(results),
        *_plots(results, past),
        *_cases(results),
        f"</main><script>{script}</script></body></html>",
    ]
    return "\n".join(parts)


def _own(name: str) -> str:
    return (resources.files("evals") / "web" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _t(chinese: str, english: str) -> str:
    """Words of the page in both languages; the style sheet shows one."""
    return f'<span class="zh">{chinese}</span><span class="en">{english}</span>'


def _verdict(worse: Sequence[str]) -> str:
    if not worse:
        return f'<div class="verdict"><strong>{_t("没有退步", "No regression")}</strong></div>'
    lines = "".join(f"<li>{escape(line[:400])}</li>" for line in worse[:30])
    more = f'<p class="soft">… + {len(worse) - 30}</p>' if len(worse) > 30 else ""
    title = _t(f"{len(worse)} 处退步", f"{len(worse)} regression{'s' * (len(worse) > 1)}")
    return f'<div class="verdict bad"><strong>{title}</strong><ul>{lines}</ul>{more}</div>'


# --- numbers ------------------------------------------------------------------------------------------------------------


def _suites(results: Results) -> Iterator[str]:
    yield f"<h2>{_t('各套件', 'Suites')}</h2><div class='grid'>"
    for run in results.runs:
        held = len(run.asked) - len(run.failed)
        skipped = len(run.items) - len(run.asked)
        yield f'<div class="card"><h3>{escape(run.name)}</h3><div class="big">{held} / {len(run.asked)}</div>'
        more = [f"p50 {run.latency(0.5) * 1000:.1f} ms · p95 {run.latency(0.95) * 1000:.1f} ms"] if run.asked else []
        if skipped:
            more.append(_t(f"{skipped} 跳过", f"{skipped} skipped"))
        if run.usage.calls:
            from evals.report import usage_told

            more.append(escape(usage_told(results, run)))
        if run.note:
            yield f'<p class="soft">{escape(run.note)}</p>'
        yield f'<p class="soft">{" · ".join(more)}</p><div class="wide"><table><thead><tr>'
        yield f"<th>{_t('指标', 'Metric')}</th><th class='n'>{_t('数值', 'Value')}</th><th class='n'>95 %</th>"
        yield f"<th class='n'>{_t('基线', 'Baseline')}</th><th class='n'>n</th></tr></thead><tbody>"
        old = results.before.suites.get(run.name) if results.before else None
        for name, measure in run.measures.items():
            limit = THRESHOLDS.get(run.name, {}).get(name)
            mood = " class='n down'" if limit and limit.missed(measure) else " class='n'"
            was = old.metrics.get(name) if old else None
            yield (
                f"<tr><td>{_t(escape(_metric(name)), escape(name))}</td><td{mood}>{measure.value:.3f}</td>"
                f"<td class='n soft'>{measure.low:.3f}–{measure.high:.3f}</td>"
                f"<td class='n'>{_was(was, measure.value, bool(limit and limit.lower_is_better))}</td>"
                f"<td class='n soft'>{measure.n}</td></tr>"
            )
        yield "</tbody></table></div></div>"
    yield "</div>"


@lru_cache(1)
def _metric_names() -> dict[str, str]:
    return dict(yaml.safe_load(_own("metrics.yaml")))


def _metric(name: str) -> str:
    names = _metric_names()
    before, _, plain = name.partition("_")
    kind = {"generated": "生成题", "lexical": "字面检索", "dense": "语义检索"}.get(before)
    return f"{kind} {names.get(plain, plain)}" if kind else names.get(name, name)


def _was(was: float | None, now: float, lower_is_better: bool) -> str:
    if was is None:
        return ""
    change = now - was
    if abs(change) < 0.0005:
        return f"{was:.3f}"
    mood = "up" if (change > 0) != lower_is_better else "down"
    return f'{was:.3f} <span class="{mood}">{change:+.3f}</span>'


def _plots(results: Results, past: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    graded = next((run.graded for run in results.runs if run.graded), ())
    cards = []
    if graded:
        cards.append((_t("各标签的正确率", "Accuracy by tag"), plots.bars(by_tag(graded))))
        seconds = [run.seconds for run in graded if not run.skipped]
        cards.append((_t("耗时分布（毫秒，每格翻倍）", "Latency in ms, bins doubling"), plots.histogram(seconds)))
    drawn = plots.trend(_lines(past))
    few = f'<p class="soft">{_t("再跑一次就有曲线了。", "A second run into this folder makes a line.")}</p>'
    cards.append((_t("历次走势", "Over past runs"), drawn or few))
    yield f"<h2>{_t('图', 'Plots')}</h2><div class='grid'>"
    yield from (f'<div class="card"><h3>{title}</h3>{drawing}</div>' for title, drawing in cards)
    yield "</div>"


_TRENDS = (
    ("answers", "answer_accuracy"),
    ("answers", "figure_accuracy"),
    ("understanding", "accuracy"),
    ("extraction", "recall"),
)


def _lines(past: Sequence[Mapping[str, Any]]) -> dict[str, list[float | None]]:
    lines: dict[str, list[float | None]] = {}
    for suite, metric in _TRENDS:
        values = [_number(line.get("suites", {}).get(suite, {}).get("metrics", {}).get(metric)) for line in past[-60:]]
        if any(value is not None for value in values):
            lines[f"{suite} {metric}"] = values
    return lines


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


# --- cases --------------------------------------------------------------------------------------------------------------


def _cases(results: Results) -> Iterator[str]:
    tags = sorted({tag for run in results.runs for item in run.items for tag in item.tags})
    yield f"<h2>{_t('逐条', 'Case by case')}</h2><div class='filters'>"
    yield '<input id="words" type="search" placeholder="搜索 Search" aria-label="搜索 Search">'
    states = {"": "全部 All", "failing": "未通过 Failing", "holding": "通过 Holding", "skipped": "跳过 Skipped"}
    yield _select("state", {**states, "changed": "有变化 Changed"})
    yield _select("suite", {"": "全部套件 All suites", **{run.name: run.name for run in results.runs}})
    yield _select("tag", {"": "全部标签 All tags", **{tag: tag for tag in tags}})
    yield _select("origin", {"": "全部来历 All origins", "hand": "手写 Hand-written", "generated": "生成 Generated"})
    yield '<span id="count" class="soft" role="status"></span></div>'
    for run in results.runs:
        graded = {each.case.id: each for each in run.graded}
        difference = results.difference(run)
        # What a person came to see stands first.
        for item in sorted(
            run.items, key=lambda item: (item.held, bool(item.skipped), item.id not in difference.broken)
        ):
            yield _case(run, item, graded.get(item.id), difference)
    yield f'<p id="none" class="none" hidden>{_t("没有符合的条目", "Nothing fits these filters")}</p>'


def _select(name: str, options: Mapping[str, str]) -> str:
    inside = "".join(f'<option value="{escape(value)}">{escape(shown)}</option>' for value, shown in options.items())
    return f'<select id="{name}" aria-label="{name}">{inside}</select>'


def _case(run: SuiteRun, item: Item, graded: Graded | None, difference: Difference) -> str:
    state = "skipped" if item.skipped else "holding" if item.held else "failing"
    badges = []
    if item.id in difference.broken:
        badges.append(("bad", _t("新失败", "newly failing")))
    if item.id in difference.mended:
        badges.append(("good", _t("已修好", "mended")))
    if item.id in difference.new:
        badges.append(("", _t("新增", "new")))
    if item.id in difference.figures:
        badges.append(("warn", _t("数字有变", "figures changed")))
    if MUST_HOLD in item.tags:
        badges.append(("warn", _t("必须通过", "must hold")))
    changed = any(item.id in part for part in (difference.broken, difference.mended, difference.figures))
    origin = graded.case.origin if graded else "hand"
    shown = "".join(f'<span class="badge {mood}">{words}</span>' for mood, words in badges)
    sign = {"holding": "✓", "failing": "✗", "skipped": "–"}[state]
    return (
        f'<details class="case" id="case-{escape(item.id)}" data-state="{state}" data-suite="{escape(run.name)}" '
        f'data-tags="{escape(" ".join(item.tags))}" data-origin="{origin}" data-changed="{"yes" if changed else "no"}">'
        f'<summary><span>{sign}</span><code>{escape(item.id)}</code><span class="asked">{escape(item.shown[:300])}</span>'
        f'{shown}<span class="soft">{item.seconds * 1000:.1f} ms</span></summary><div class="inside">'
        f"{_inside(item, graded, difference)}</div></details>"
    )


def _inside(item: Item, graded: Graded | None, difference: Difference) -> str:
    parts = []
    if graded is not None and graded.problems:
        lines = [f"{problem.kind}: {problem.text}" for problem in graded.problems]
    else:
        lines = [line for line in (item.why or item.skipped).split("; ") if line]
    if lines:
        parts.append(f'<ul class="problems">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>')
    if item.id in difference.figures:
        gone, come = difference.figures[item.id]
        changes = [f"− {shown_line(line)}" for line in gone] + [f"+ {shown_line(line)}" for line in come]
        parts.append(f'<ul class="problems warn">{"".join(f"<li>{escape(line)}</li>" for line in changes)}</ul>')
    if graded is not None:
        parts.append(
            f'<div class="columns"><div><h3>{_t("应当", "Expected")}</h3>{_expected(graded.case)}</div>'
            f"<div><h3>{_t('回答', 'Answer')}</h3>{_answer(graded.answer)}</div>"
            f"<div><h3>{_t('所引原文', 'Cited passages')}</h3>{_cited(graded.answer)}</div></div>"
        )
    tags = "".join(f'<span class="badge">{escape(tag)}</span> ' for tag in item.tags)
    return "".join(parts) + f"<p>{tags}</p>"


def _expected(case: Case) -> str:
    lines = [("status", " / ".join(case.status))]
    lines += [("history", " → ".join(case.history))] if case.history else []
    for figure in case.figures:
        near = f" ±{figure.tolerance:.1%}" if figure.tolerance else ""
        condition = f" ({figure.condition})" if figure.condition else ""
        lines.append(
            ("figure", f"{figure.product} · {figure.attribute} = {figure.value} {figure.unit}{near}{condition}")
        )
    for kind in ("all", "any", "none"):
        words = getattr(case.strings, kind)
        lines += [(f"{kind} of", "、".join(words))] if words else []
    lines += [("order", " > ".join(case.products))] if case.products else []
    lines += [("cell", f"{cell.row} × {cell.column}: {cell.has}") for cell in case.cells]
    lines += [("source", name) for name in case.documents_cited]
    lines += [("as of", case.as_of)] if case.as_of else []
    lines += [("language", case.language)] if case.language else []
    lines += [("document", document.name) for document in case.documents]
    lines += [("why", case.why)] if case.why else []
    shown = "".join(f"<li><span class='soft'>{name}</span> {escape(words)}</li>" for name, words in lines)
    return f'<ul class="plain">{shown}</ul>'


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return f'<p class="soft">{_t("没有回答", "No answer")}</p>'
    parts = [f'<p><span class="badge">{escape(answer.status)}</span></p><div class="text">{escape(answer.text)}</div>']
    if answer.table is not None:
        head = "".join(f"<th>{escape(column)}</th>" for column in answer.table.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in answer.table.rows
        )
        parts.append(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
    return "".join(parts)


def _cited(answer: Answer | None) -> str:
    if answer is None or not answer.citations:
        return f'<p class="soft">{_t("没有引用", "None cited")}</p>'
    return "".join(map(_quote, answer.citations))


def _quote(citation: Citation) -> str:
    told = " · ".join(filter(None, (citation.title, citation.publisher, citation.published)))
    where = f"{citation.start}–{citation.end}"
    link = ""
    if citation.url and citation.url.startswith(("https://", "http://")):
        link = f' · <a href="{escape(citation.url)}" rel="noopener noreferrer nofollow" target="_blank">↗</a>'
    return (
        f"<blockquote>[{citation.marker}] {escape(citation.quote)}"
        f"<cite>{escape(told)} · {where}{link}</cite></blockquote>"
    )
