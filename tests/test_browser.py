"""The chat page in a real browser: asked, streamed, cited, switched, and deaf to what documents tell it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.records import Records
from assistant.settings import load_settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
# A browser on a machine without a way out must not try one.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def address(library_home: Path, serve: Callable[[object], Any]) -> Iterator[str]:
    settings = load_settings(home=library_home)
    with Assistant(settings) as assistant, serve(create_app(assistant, settings)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    opened = browser.new_page()
    opened.requested = []
    opened.on("request", lambda request: opened.requested.append(request.url))
    opened.goto(f"{address}/", wait_until="domcontentloaded")
    opened.wait_for_selector("#question textarea", timeout=60_000)
    yield opened
    opened.close()


def ask(page: Any, question: str, turn: int = 0) -> Any:
    page.fill("#question textarea", question)
    page.click("#ask")
    badge = page.locator(".xw-answer").nth(turn).locator(".xw-badge")
    badge.wait_for(timeout=30_000)
    return page.locator(".xw-answer").nth(turn)


def test_a_question_gets_a_cited_answer(page: Any) -> None:
    answer = ask(page, "MTT S4000 的显存带宽是多少？")
    assert answer.locator(".xw-badge").get_attribute("data-status") == "answered"
    assert "768" in answer.inner_text()
    assert "768GB/s" in answer.locator("blockquote").first.inner_text()
    assert (
        answer.locator(".xw-mark").first.get_attribute("href") == f"#{answer.locator('li').first.get_attribute('id')}"
    )
    assert answer.locator(".xw-source a").first.get_attribute("href") == "https://example.com/s4000"


def test_a_follow_up_keeps_the_subject(page: Any) -> None:
    ask(page, "MTT S4000 的显存带宽是多少？")
    assert "450" in ask(page, "它的功耗呢？", 1).inner_text()
    assert page.locator(".xw-question").count() == 2


def test_nothing_of_a_hostile_document_runs_or_loads(page: Any, address: str) -> None:
    answer = ask(page, "天罡 T900 的显存容量和功耗是多少？")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hacked") is None
    assert answer.locator("img, script").count() == 0
    assert answer.locator("[onerror], [onmouseover]").count() == 0
    assert not [url for url in page.requested if "evil.example" in url]
    assert "<img" in answer.locator("blockquote").first.inner_text() or "<img" in answer.inner_text()
    assert all(
        (link.get_attribute("href") or "").startswith(("https://", "#cite-")) for link in answer.locator("a").all()
    )


def test_a_hostile_question_is_text(page: Any) -> None:
    ask(page, '<img src=x onerror="window.hacked=1"> S4000 的显存？')
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None
    assert "<img" in page.locator(".xw-question").first.inner_text()


def test_an_empty_question_is_explained(page: Any) -> None:
    assert ask(page, "   ").locator(".xw-badge").inner_text()


def test_the_page_speaks_english_too(page: Any) -> None:
    page.get_by_label("English").click()
    page.wait_for_function("document.querySelector('#ask').innerText.trim() === 'Ask'")
    answer = ask(page, "What is the memory bandwidth of the MTT S4000?")
    assert answer.locator(".xw-badge").inner_text() == "Answered"


def test_an_example_is_asked_by_a_click_and_cleared(page: Any) -> None:
    page.locator(".xw-example").first.click()
    page.locator(".xw-badge").first.wait_for(timeout=30_000)
    page.click("#clear")
    page.wait_for_function("document.querySelectorAll('.xw-answer').length === 0")


def test_a_thumb_down_with_its_correction_is_kept_and_can_be_given_once(page: Any, library_home: Path) -> None:
    ask(page, "MTT S4000 的显存带宽是多少？")
    ask(page, "它的功耗呢？", 1)
    page.click("#down")
    page.fill("#correction textarea", "<b>应为 400W</b>")
    page.click("#give")
    page.locator("#thanks").get_by_text("谢谢").wait_for(timeout=15_000)
    kept = Records(library_home).feedback("down")[-1]
    assert (kept.question, kept.history) == ("它的功耗呢？", ("MTT S4000 的显存带宽是多少？",))
    assert (kept.correction, kept.door) == ("<b>应为 400W</b>", "page")
    assert "450" in kept.answer
    assert not page.locator("#up").is_visible()


def test_a_suggestion_pressed_is_asked(page: Any) -> None:
    refused = ask(page, "今天天气怎样？")
    choice = refused.locator(".xw-choice").first
    wanted = choice.inner_text()
    choice.click()
    page.locator(".xw-answer").nth(1).locator(".xw-badge").wait_for(timeout=30_000)
    assert page.locator(".xw-question").nth(1).inner_text() == wanted
