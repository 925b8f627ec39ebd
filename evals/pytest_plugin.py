"""A pytest plugin: the fixture `xinwen` asks 芯问 and lets a team assert what its own wiki must answer.

    def test_s4000(xinwen):
        xinwen.ask("MTT S4000 的显存带宽？").has_figure("MTT S4000", "memory_bandwidth", 768, "GB/s").is_faithful()

Nothing heavy is imported before a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from assistant.answer import Answer
    from evals.targets import Target


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("xinwen", "芯问: answers checked against their sources")
    group.addoption("--xinwen-home", metavar="DIR", help="the home to ask (default: the shipped corpus, read once)")
    group.addoption("--xinwen-against", metavar="URL", help="a deployed server to ask instead of the library")
    group.addoption("--xinwen-key", metavar="KEY", help="that server's key")


@pytest.fixture(scope="session")
def xinwen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Asks the library or the server that the command line names."""
    against = request.config.getoption("--xinwen-against")
    if against:
        from evals.targets import Server, TargetError

        try:
            yield Asker(Server(against, request.config.getoption("--xinwen-key")))
        except TargetError as error:
            pytest.fail(str(error), pytrace=False)
        return
    from assistant.core import Assistant
    from evals.targets import Library

    home = request.config.getoption("--xinwen-home") or tmp_path_factory.mktemp("xinwen-home")
    with Assistant.open(home) as assistant:
        yield Asker(Library(assistant))


class Asker:
    """What the fixture `xinwen` is."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def ask(self, question: str, history: Sequence[str] = ()) -> Asked:
        """One answer; `history` are the earlier questions of the conversation."""
        from knowledge.errors import XinwenError

        try:
            answer = self._target.ask(question, history)
        except XinwenError as error:
            pytest.fail(f"{question}: {error}", pytrace=False)
        return Asked(answer, self._target, tuple(history))


class Asked:
    """An answer with assertions. Each returns the same answer, so that they can be chained; `answer` is the Answer."""

    __tracebackhide__ = True

    def __init__(self, answer: Answer, target: Target, history: tuple[str, ...] = ()) -> None:
        self.answer, self._target, self._history = answer, target, history

    @property
    def text(self) -> str:
        return self.answer.text

    @property
    def status(self) -> str:
        return self.answer.status

    def __repr__(self) -> str:
        return f"<{self.status}: {self.text[:200]!r}>"

    def _fail(self, why: str) -> None:
        __tracebackhide__ = True
        pytest.fail(f"{why}\n  asked: {self.answer.question}\n  answer ({self.status}): {self.text}", pytrace=True)

    def has_figure(
        self,
        product: str,
        attribute: str,
        value: float | str,
        unit: str = "",
        *,
        condition: str | None = None,
        tolerance: float = 0.0,
    ) -> Asked:
        """The answer states this figure, in this unit or another of its kind; `tolerance` is relative."""
        __tracebackhide__ = True
        wanted = self._wanted(product, attribute, value, unit, condition, tolerance)
        from evals.grade import matches

        if not any(matches(wanted, figure) for figure in self.answer.figures):
            near = [f for f in self.answer.figures if f.attribute == attribute] or self.answer.figures
            said = ", ".join(dict.fromkeys(f"{f.product} {f.attribute} {f.value} {f.unit}".strip() for f in near))
            self._fail(f"no figure {product} {attribute} = {value} {unit}; stated: {said or 'none'}")
        return self

    def has_no_figure(self, product: str, attribute: str) -> Asked:
        """The answer states no figure of this product and attribute."""
        __tracebackhide__ = True
        for figure in self.answer.figures:
            if figure.attribute == attribute and figure.product.casefold() == product.casefold():
                self._fail(f"it states {product} {attribute} = {figure.value} {figure.unit}")
        return self

    @staticmethod
    def _wanted(
        product: str, attribute: str, value: float | str, unit: str, condition: str | None, tolerance: float
    ) -> Any:
        from evals.case import ExpectedFigure
        from evals.evidence import catalog

        if attribute not in catalog().attributes:
            known = ", ".join(sorted(catalog().attributes))
            raise pytest.UsageError(f"{attribute!r} is no attribute; known are {known}")
        return ExpectedFigure(
            product=product, attribute=attribute, value=value, unit=unit, condition=condition, tolerance=tolerance
        )

    def has_text(self, *words: str) -> Asked:
        """Every one of `words` stands in the text; a number is not found inside a longer one."""
        __tracebackhide__ = True
        from evals.grade import holds

        for word in words:
            if not holds(self.text, word):
                self._fail(f"{word!r} is missing")
        return self

    def has_no_text(self, *words: str) -> Asked:
        """None of `words` stands in the text."""
        __tracebackhide__ = True
        from evals.grade import holds

        for word in words:
            if holds(self.text, word):
                self._fail(f"{word!r} must not be there")
        return self

    def has_status(self, *statuses: str) -> Asked:
        """The status is one of these: answered, partial, conflicting, refused, clarify."""
        __tracebackhide__ = True
        if self.status not in statuses:
            self._fail(f"the status is {self.status}, expected {' or '.join(statuses)}")
        return self

    def is_refused(self) -> Asked:
        """The documents do not say, and the answer says so."""
        __tracebackhide__ = True
        return self.has_status("refused")

    def cites(self, words: str) -> Asked:
        """A cited source has these words in its title, address or publisher."""
        __tracebackhide__ = True
        from evals.grade import is_of

        if not any(is_of(citation, words) for citation in self.answer.citations):
            self._fail(f"no citation is of {words!r}")
        return self

    def is_faithful(self) -> Asked:
        """Every quote is its document's text, and every figure stands in what it cites, value, unit and subject."""
        __tracebackhide__ = True
        from evals.grade import unfaithful

        problems = unfaithful(self.answer, self._target.text, "\n".join(self._history))
        if problems:
            self._fail("; ".join(problem.text for problem in problems))
        return self
