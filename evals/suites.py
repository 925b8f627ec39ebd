"""Suites: each kind of eval behind one shape: items that held or did not, and measures with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evals.case import KNOWN_GAP, Case, load_cases
from evals.metrics import Graded, Measure, Usage, bootstrap, bootstrap_ratio, hand_written, measures, percentile, usage
from knowledge.errors import XinwenError

# What holds of every answer, whether its case can be met yet or not.
PROMISED = ("wrong_figure_rate", "quote_fidelity")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked: `shown` is the question or text, `why` says what is wrong, "" when it held."""

    id: str
    shown: str
    held: bool
    tags: tuple[str, ...]
    why: str = ""
    seconds: float = 0.0
    skipped: str = ""
    wrong_figure: bool = False


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """A suite's results. `graded` holds the answers themselves, of the suite of answers alone; `note` says what could
    not be measured and what to do about it."""

    name: str
    items: tuple[Item, ...]
    measures: dict[str, Measure]
    graded: tuple[Graded, ...] = ()
    note: str = ""

    @property
    def asked(self) -> list[Item]:
        return [item for item in self.items if not item.skipped]

    @property
    def failed(self) -> list[Item]:
        return [item for item in self.asked if not item.held]

    def latency(self, share: float) -> float:
        """Seconds within which `share` of the items were answered."""
        return percentile([item.seconds for item in self.asked], share)

    @property
    def usage(self) -> Usage:
        return usage(self.graded)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run and how; see `xinwen eval --help` for the fields."""

    cases: tuple[Path, ...] = ()
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    home: str | None = None
    against: str | None = None
    key: str | None = None
    timeout: float = 60.0
    model: str | None = None
    jobs: int = 1
    cache: Path | None = None
    resume: bool = False
    entailment: str | None = None
    questions: Path | None = None

    def takes(self, item_id: str, tags: Iterable[str]) -> bool:
        """Whether an item is chosen: it has one of the tags, and one of the ids, where any are given."""
        return (not self.tags or bool(set(self.tags) & set(tags))) and (not self.ids or item_id in self.ids)


class NothingChosenError(XinwenError):
    """No item has such a tag or id."""

    code = "nothing_chosen"


Shown = Callable[[Iterable[Any], int], Iterable[Any]]
"""Passes items on while it shows how far the run is; the number is how many will come."""


def answers(choice: Choice, shown: Shown) -> SuiteRun:
    """What answers over the library say, of the library here or of a server."""
    from assistant import Assistant
    from evals.citing import model as entailment
    from evals.runner import Cache, Library, Server, Target, run

    cases: list[Case] = [case for case in load_cases(choice.cases or None) if choice.takes(case.id, case.tags)]
    if not cases:
        raise NothingChosenError("no case has such a tag or id; `python -m evals.case` checks the cases there are")
    try:
        entails = entailment(choice.entailment) if choice.entailment else None
    except ValueError as error:
        raise XinwenError(str(error)) from error
    with ExitStack() as stack:
        target: Target
        resume = ""
        if choice.against:
            target = Server(choice.against, choice.key, choice.timeout)
            resume = choice.against if choice.resume else ""
        else:
            home = choice.home or stack.enter_context(TemporaryDirectory(prefix="xinwen-eval-"))
            chosen = {"model": choice.model} if choice.model else {}
            target = Library(stack.enter_context(Assistant.open(home, **chosen)), **chosen)
        runs = run(cases, target, Cache(choice.cache), choice.jobs, resume=resume, entails=entails)
        graded = tuple(shown(runs, len(cases)))
    _check_model(choice, graded)
    return SuiteRun("answers", tuple(map(_item, graded)), _both(graded), graded)


def _both(graded: tuple[Graded, ...]) -> dict[str, Measure]:
    """The measures of hand-written cases by name, those of generated ones with "generated_" before it.

    Cases marked known-gap count in what is promised (no wrong figure, no bent quote) and, with all others, in
    "accuracy_with_known_gaps"; the other measures are of what is claimed to work.
    """
    hand, generated = hand_written(graded), [run for run in graded if run.case.origin == "generated"]
    claimed = [run for run in hand if KNOWN_GAP not in run.case.tags]
    whole = measures(hand)
    found = measures(claimed) | {name: whole[name] for name in PROMISED if name in whole}
    if len(claimed) < len(hand) and "answer_accuracy" in whole:
        found["accuracy_with_known_gaps"] = whole["answer_accuracy"]
    return found | {f"generated_{name}": m for name, m in measures(generated).items()}


def _check_model(choice: Choice, graded: tuple[Graded, ...]) -> None:
    used = usage(graded)
    if choice.model and used.calls and used.failed == used.calls:
        raise XinwenError(
            f"the model {choice.model!r} failed all of its {used.calls} calls, so nothing was measured of it; "
            "check XINWEN_MODEL_BASE_URL and XINWEN_MODEL_API_KEY"
        )


def _item(run: Graded) -> Item:
    why = run.error or "; ".join(problem.text for problem in run.problems)
    wrong = any(problem.kind == "wrong-figure" for problem in run.problems)
    return Item(
        run.case.id, run.case.question, run.held, run.case.tags, why, run.seconds, run.skipped, wrong_figure=wrong
    )


def understanding(choice: Choice, shown: Shown) -> SuiteRun:
    """How questions and follow-ups are understood: the share that is read as a person meant it."""
    from assistant.names import NameIndex
    from evals import understanding as suite
    from knowledge.catalog import Catalog

    catalog = Catalog.load()
    understand, listing = suite.reader(catalog, NameIndex(catalog))
    named = {_utterance(case): case for case in suite.cases()}
    found = {name: case for name, case in named.items() if choice.takes(name, _tags(case))}
    items = []
    for name, case in shown(found.items(), len(found)):
        reading = suite.read([case], understand, listing)[0]
        why = "; ".join(reading.wrong)
        items.append(Item(name, str(case["q"]), not reading.wrong, _tags(case), why, reading.seconds))
    return SuiteRun("understanding", tuple(items), _measured({"accuracy": bootstrap([float(i.held) for i in items])}))


def _utterance(case: Any) -> str:
    from hashlib import sha256

    return "u-" + sha256(repr((case["q"], tuple(case.get("h", ())))).encode()).hexdigest()[:10]


def _tags(case: Any) -> tuple[str, ...]:
    return (str(case.get("tag", "untagged")),)


def extraction(choice: Choice, shown: Shown) -> SuiteRun:
    """Figures found in hand-labelled sentences and tables. Precision is the share of the figures found that a label
    has, recall the share of the labels that were found."""
    import time

    from evals import extraction as suite
    from knowledge.catalog import Catalog

    catalog = Catalog.load()
    labelled = [
        (group, case)
        for group, cases in suite.shipped().items()
        for case in cases
        if choice.takes(case.id, (group, *case.tags))
    ]
    items, outcomes = [], []
    for group, case in shown(labelled, len(labelled)):
        began = time.perf_counter()
        outcome = suite.read(case, catalog, group)
        took = time.perf_counter() - began
        outcomes.append(outcome)
        wrong = [f"invented {f.subject_name} {f.attribute} = {f.text}" for f in outcome.false]
        wrong += [f"missed {label}" for label in outcome.missed]
        items.append(Item(case.id, case.text[:120], not wrong, (group, *case.tags), "; ".join(wrong), took))
    precision = bootstrap_ratio([(o.found, o.found + len(o.false)) for o in outcomes])
    recall = bootstrap_ratio([(o.found, o.found + len(o.missed)) for o in outcomes])
    return SuiteRun("extraction", tuple(items), _measured({"precision": precision, "recall": recall}))


def retrieval(choice: Choice, shown: Shown) -> SuiteRun:
    """Whether search finds the documents that answer: success@k, recall@k, MRR and nDCG@10. Measures of hybrid search
    have their plain names, the others "lexical_" and "dense_" before them; while the home's vectors are pending only
    words are searched for. The home is left as it is; an empty one gets the shipped corpus, without vectors."""
    from assistant import Assistant
    from evals import retrieval as suite

    cases = [case for case in suite.load_cases(choice.questions) if choice.takes(suite.name(case), ("retrieval",))]
    if not cases:
        raise NothingChosenError("no question of the suite retrieval has such a tag or id")
    with ExitStack() as stack:
        home = choice.home or stack.enter_context(TemporaryDirectory(prefix="xinwen-eval-"))
        xinwen = stack.enter_context(Assistant.open(home))
        xinwen.prepare()
        modes, note = suite.modes(xinwen)
        if not choice.home:
            note = (
                "only search by words was measured, not dense and hybrid search: a temporary home has no vectors; "
                "`xinwen sync --home DIR` makes a home with them (minutes), then run this again with --home DIR"
            )
        wanted = [(mode, case) for mode in modes for case in cases]
        ranked: dict[str, list[suite.Ranked]] = {mode: [] for mode in modes}
        for mode, case in shown(wanted, len(wanted)):
            ranked[mode].append(suite.Ranked.of(case, xinwen.search, mode))
    items = tuple(
        Item(suite.name(r.case), r.case.question, r.found, ("retrieval",), "" if r.found else r.why, r.seconds)
        for r in ranked[modes[0]]
    )
    found = {
        name if mode == "hybrid" else f"{mode}_{name}": measure
        for mode in modes
        for name, measure in suite.measured(ranked[mode]).items()
    }
    return SuiteRun("retrieval", items, _measured(found), note=note)


def _measured(found: dict[str, Measure]) -> dict[str, Measure]:
    return {name: measure for name, measure in found.items() if measure.n}


SUITES: dict[str, Callable[[Choice, Shown], SuiteRun]] = {
    "answers": answers,
    "understanding": understanding,
    "extraction": extraction,
    "retrieval": retrieval,
}
DEFAULT = ("answers", "understanding", "extraction")
"""What runs when no suite is named: those that need no vectors."""
