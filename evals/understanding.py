"""Understanding measured: hand-written utterances, what they mean, and which of them are misread.

`python -m evals.understanding` prints accuracy by kind and by half and lists what is misread of the half that rules are
mended on; `--held` and `--fresh` list those of the sets held out as well, which spends them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from assistant.names import NameIndex
from assistant.question import Question, Subject
from assistant.understand import Understanding
from knowledge.catalog import Catalog

SPLITS = {
    "dev": "utterances.yaml",
    "held": "utterances_held.yaml",
    "fresh": "utterances_fresh.yaml",
    "last": "utterances_last.yaml",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One utterance as it was read: `wrong` says what differs from its expectation (empty: nothing does)."""

    case: Mapping[str, Any]
    question: Question
    wrong: tuple[str, ...]
    seconds: float


def cases(split: str = "dev") -> list[Mapping[str, Any]]:
    """The utterances of a set: "dev", "held" or "fresh"; the head of `cases/utterances.yaml` tells what the keys mean."""
    text = (resources.files("evals") / "cases" / SPLITS[split]).read_text("utf-8")
    loaded: list[Mapping[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


class Listing:
    """Stands in for the answers that earlier rankings of a case gave: whatever the case says they listed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.now: Sequence[str] = ()

    def __call__(self, question: Question) -> Sequence[Subject]:
        products = [self._catalog.products[identity] for identity in self.now]
        return tuple(Subject(id=product.id, name=product.zh, kind=product.kind) for product in products)


def reader(catalog: Catalog, names: NameIndex) -> tuple[Understanding, Listing]:
    """An Understanding without a store, and what its rankings listed."""
    listing = Listing(catalog)
    return Understanding(catalog, names, listed=listing), listing


def read(
    found: Sequence[Mapping[str, Any]], understand: Understanding, listing: Listing | None = None
) -> list[Reading]:
    """Each case understood once, timed by the processor's clock so that a busy machine does not slow it."""
    readings = []
    for case in found:
        if listing is not None:
            listing.now = case.get("listed", ())
        began = time.process_time()
        question = understand(case["q"], tuple(case.get("h", ())))
        seconds = time.process_time() - began
        wrong = differences(case, question)
        if "offered" in case:
            wrong += _offered(case, question, understand)
        readings.append(Reading(case, question, tuple(wrong), seconds))
    return readings


def _offered(case: Mapping[str, Any], question: Question, understand: Understanding) -> list[str]:
    """Whether the question means the candidate that the clarification before offered in that place."""
    choices = understand(case["h"][-1]).subjects[0].ambiguous
    expected = (choices[case["offered"] - 1],)
    actual = tuple(subject.id for subject in question.subjects)
    return [] if actual == expected else [f"subjects: expected {expected}, read {actual}"]


def differences(case: Mapping[str, Any], question: Question) -> list[str]:
    """What of `case`'s expectation the question does not meet; only the keys that the case has are checked."""
    subjects = {subject.id for subject in question.subjects}
    vague = {name for subject in question.subjects for name in subject.ambiguous}
    intents = case.get("i")
    assumed = [item.name for item in question.assumed]
    # A vague word and its first precise attribute are both right where the case only hints.
    checks: list[tuple[str, object, object, bool]] = [
        ("subjects", case.get("s"), subjects, "s" not in case or subjects == set(case["s"])),
        (
            "attributes",
            case.get("a"),
            (question.attributes, question.cues),
            "a" not in case
            or set(question.attributes) == set(case["a"])
            # 显存 for a capacity asked outright: a group in which the expected one stands is no misreading.
            or (bool(case["a"]) and not question.attributes and set(case["a"]) <= set(question.asked_attributes)),
        ),
        (
            "hint",
            case.get("hint"),
            question.asked_attributes,
            set(case.get("hint", ())) <= set(question.asked_attributes),
        ),
        ("intent", intents, question.intent, intents is None or question.intent in _listed(intents)),
        ("period", case.get("p"), question.period, "p" not in case or question.period == case["p"]),
        ("as of", case.get("t"), question.as_of, "t" not in case or question.as_of == case["t"]),
        ("since", case.get("since"), question.since, "since" not in case or question.since == case["since"]),
        ("until", case.get("until"), question.until, "until" not in case or question.until == case["until"]),
        ("unit", case.get("u"), question.unit, "u" not in case or question.unit == case["u"]),
        ("table", case.get("table"), question.table, "table" not in case or question.table == case["table"]),
        ("derive", case.get("d"), question.derive, "d" not in case or question.derive == case["d"]),
        ("n", case.get("n"), question.rank_n, "n" not in case or question.rank_n == case["n"]),
        ("low", case.get("low"), question.rank_direction, not case.get("low") or question.rank_direction == "lowest"),
        ("language", case.get("lang"), question.language, "lang" not in case or question.language == case["lang"]),
        (
            "unknown",
            case.get("unknown"),
            question.unknown_names,
            "unknown" not in case or set(question.unknown_names) == set(case["unknown"]),
        ),
        ("not", case.get("not"), subjects, not subjects & set(case.get("not", ()))),
        ("vague", case.get("vague"), vague, set(case.get("vague", ())) <= vague),
        ("assumed", case.get("assumed"), assumed, "assumed" not in case or case["assumed"] in assumed),
    ]
    return [f"{name}: expected {expected}, read {actual}" for name, expected, actual, fine in checks if not fine]


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def summary(readings: Sequence[Reading], title: str) -> str:
    """One line: how many of `readings` are right."""
    right = sum(not reading.wrong for reading in readings)
    return f"{title:18} {right:4} of {len(readings):4}  {right / (len(readings) or 1):.3f}"


def main(arguments: Sequence[str] = ()) -> int:
    """Prints accuracy by kind and half, the time taken, and the misreadings; returns 0."""
    catalog = Catalog.load()
    understand, listing = reader(catalog, NameIndex(catalog))
    read(cases()[:5], understand)
    everything: list[Reading] = []
    for split in SPLITS:
        readings = read(cases(split), understand, listing)
        everything += readings
        for tag in sorted({str(reading.case["tag"]) for reading in readings}):
            print(summary([reading for reading in readings if reading.case["tag"] == tag], f"{split} {tag}"))
        print(summary(readings, f"{split} all"))
        for reading in readings if split == "dev" or f"--{split}" in arguments else ():
            if reading.wrong:
                before = " ← " + " | ".join(reading.case["h"]) if reading.case.get("h") else ""
                print(f"✗ {reading.case['q']}{before}\n    " + "\n    ".join(reading.wrong))
    for title, turns in (("understanding", False), ("follow-ups", True)):
        print(summary([reading for reading in everything if (reading.case["tag"] == "turns") is turns], title))
    times = sorted(reading.seconds * 1000 for reading in everything)
    print(
        f"time: p50 {times[len(times) // 2]:.2f} ms, p95 {times[int(len(times) * 0.95)]:.2f} ms, most {times[-1]:.2f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
