"""Understanding measured: hand-written utterances, what they mean, and which of them are misread."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from assistant.names import NameIndex
from assistant.question import Question
from assistant.understand import Understanding
from knowledge.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Reading:
    """One utterance as it was read: `wrong` says what differs from its expectation (empty: nothing does)."""

    case: Mapping[str, Any]
    question: Question
    wrong: tuple[str, ...]
    seconds: float


def cases() -> list[Mapping[str, Any]]:
    """The utterances of `cases/utterances.yaml`; the head of that file tells what the keys mean."""
    text = (resources.files("evals") / "cases" / "utterances.yaml").read_text("utf-8")
    loaded: list[Mapping[str, Any]] = yaml.safe_load(text)
    return loaded


def read(found: Sequence[Mapping[str, Any]], understand: Understanding) -> list[Reading]:
    """Each case understood once, timed by the processor's clock so that a busy machine does not slow it."""
    readings = []
    for case in found:
        began = time.process_time()
        question = understand(case["q"], tuple(case.get("h", ())))
        seconds = time.process_time() - began
        readings.append(Reading(case, question, tuple(differences(case, question)), seconds))
    return readings


def differences(case: Mapping[str, Any], question: Question) -> list[str]:
    """What of `case`'s expectation the question does not meet; only the keys that the case has are checked."""
    subjects = {subject.id for subject in question.subjects}
    vague = {name for subject in question.subjects for name in subject.ambiguous}
    intents = case.get("i")
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
        ("unit", case.get("u"), question.unit, "u" not in case or question.unit == case["u"]),
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
    ]
    return [f"{name}: expected {expected}, read {actual}" for name, expected, actual, fine in checks if not fine]


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def main() -> int:
    """Prints accuracy by kind of utterance, the time taken, and every misreading; returns 0."""
    catalog = Catalog.load()
    understand = Understanding(catalog, NameIndex(catalog))
    found = cases()
    read(found[:5], understand)
    readings = read(found, understand)
    for tag in sorted({str(reading.case["tag"]) for reading in readings}):
        group = [reading for reading in readings if reading.case["tag"] == tag]
        right = sum(not reading.wrong for reading in group)
        print(f"{tag:12} {right:4} of {len(group):4}  {right / len(group):.3f}")
    right = sum(not reading.wrong for reading in readings)
    print(f"{'all':12} {right:4} of {len(readings):4}  {right / len(readings):.3f}")
    times = sorted(reading.seconds * 1000 for reading in readings)
    print(
        f"time: p50 {times[len(times) // 2]:.2f} ms, p95 {times[int(len(times) * 0.95)]:.2f} ms, most {times[-1]:.2f} ms"
    )
    for reading in readings:
        if reading.wrong:
            before = " ← " + " | ".join(reading.case["h"]) if reading.case.get("h") else ""
            print(f"✗ {reading.case['q']}{before}\n    " + "\n    ".join(reading.wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main())
