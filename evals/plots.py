"""Plots: small SVG drawings for the report's page; colours come from its style sheet, so that dark and light both read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from evals.metrics import Measure


def bars(values: Mapping[str, Measure]) -> str:
    """A bar a tag from 0 to 1 with its 95 % interval as a whisker, the worst first."""
    rows = sorted(values.items(), key=lambda item: (item[1].value, item[0]))
    height, left, width = 22, 120, 260
    parts = [f'<svg viewBox="0 0 470 {height * len(rows) + 6}" role="img" aria-label="accuracy by tag">']
    for at, (name, measure) in enumerate(rows):
        y = at * height
        low, value, high = (left + width * share for share in (measure.low, measure.value, measure.high))
        mood = "bar low" if measure.value < 1 else "bar"
        parts.append(
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(name[:18])}</text>'
            f'<rect class="track" x="{left}" y="{y + 5}" width="{width}" height="12" rx="3"/>'
            f'<rect class="{mood}" x="{left}" y="{y + 5}" width="{value - left:.1f}" height="12" rx="3"/>'
            f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 11}" y2="{y + 11}"/>'
            f'<text class="soft" x="{left + width + 10}" y="{y + 15}">{measure.value:.3f} · {measure.n}</text>'
        )
    return "".join(parts) + "</svg>"


def histogram(seconds: Sequence[float]) -> str:
    """Latencies in bins that double, each bin named by its upper end in ms, with its count."""
    found = [max(0, math.ceil(math.log2(max(value, 1e-9) * 1000 / 0.25))) for value in seconds]
    if not found:
        return ""
    first, last = min(found), max(found)
    counts = [found.count(at) for at in range(first, last + 1)]
    step, tall = min(70.0, 440 / len(counts)), 110
    parts = ['<svg viewBox="0 0 470 160" role="img" aria-label="latency histogram">']
    for at, count in enumerate(counts):
        x, high = 10 + at * step, tall * count / max(counts)
        parts.append(
            f'<rect class="bar" x="{x + 2:.1f}" y="{125 - high:.1f}" width="{step - 4:.1f}" height="{high:.1f}" rx="2"/>'
            f'<text class="soft" x="{x + step / 2:.1f}" y="{120 - high:.1f}" text-anchor="middle">{count or ""}</text>'
            f'<text class="soft" x="{x + step / 2:.1f}" y="142" text-anchor="middle">{_ms(0.25 * 2 ** (first + at))}</text>'
        )
    return "".join(parts) + '<line class="axis" x1="10" x2="460" y1="125" y2="125"/></svg>'


def _ms(value: float) -> str:
    return f"{value / 1024:g} s" if value >= 1024 else f"{value:g}"


def trend(lines: Mapping[str, Sequence[float | None]]) -> str:
    """A line a metric over past runs, oldest left; the axis begins where the worst value is, so that changes show."""
    known = [value for values in lines.values() for value in values if value is not None and not math.isnan(value)]
    if not known or max(len(values) for values in lines.values()) < 2:
        return ""
    low = min(0.99, math.floor(min(known) * 50) / 50)
    parts = ['<svg viewBox="0 0 470 190" role="img" aria-label="trend over past runs">']
    for share in (low, (low + 1) / 2, 1.0):
        y = _height(share, low)
        parts.append(
            f'<line class="axis" x1="46" x2="460" y1="{y:.1f}" y2="{y:.1f}" opacity=".35"/>'
            f'<text class="soft" x="40" y="{y + 4:.1f}" text-anchor="end">{share:.3f}</text>'
        )
    for number, (name, values) in enumerate(lines.items()):
        step = 400 / max(1, len(values) - 1)
        points = [
            (52 + at * step, _height(value, low))
            for at, value in enumerate(values)
            if value is not None and not math.isnan(value)
        ]
        colour = f"c{number % 4}"
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="trend {colour}" points="{joined}"/>')
        parts += [f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points]
        x, y = 46 + (number % 2) * 210, 168 + (number // 2) * 17
        parts.append(f'<circle class="{colour}" cx="{x + 4}" cy="{y - 4}" r="4"/>')
        parts.append(f'<text x="{x + 14}" y="{y}">{escape(name)}</text>')
    return "".join(parts) + "</svg>"


def _height(value: float, low: float) -> float:
    return 140 - 125 * (value - low) / (1 - low)
