"""The widget in a real browser, on pages of another origin: shown where it is listed, and nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.records import Records
from assistant.settings import load_settings
from tests.test_browser import ARGUMENTS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
QUESTION = "MTT S4000 的显存带宽是多少？"


def wiki(request: Request) -> HTMLResponse:
    """A wiki's page with the one script tag; its policy for styles is strict, as some are."""
    of = request.query_params
    attributes = "".join(f' data-{name}="{of[name]}"' for name in ("theme", "target") if name in of)
    html = f"""<!doctype html><html lang="{of.get("lang", "zh-CN")}"><meta charset="utf-8"><title>Wiki</title>
    <meta name="viewport" content="width=device-width"><h1>国产芯片笔记</h1><p>正文。</p><div id="here"></div>
    <script src="{of["of"]}/embed.js"{attributes} async></script></html>"""
    return HTMLResponse(html, headers={"Content-Security-Policy": f"style-src 'none'; script-src {of['of']}"})


@pytest.fixture(scope="module")
def places(library_home: Path, serve: Callable[[object], Any]) -> Iterator[SimpleNamespace]:
    """Addresses: two wikis on origins of their own; `listing` lists the first of them, `keyed` too and wants a key."""
    with ExitStack() as stack:
        listed = stack.enter_context(serve(Starlette(routes=[Route("/", wiki)])))
        other = stack.enter_context(serve(Starlette(routes=[Route("/", wiki)])))
        assistant = stack.enter_context(Assistant(load_settings(home=library_home)))
        urls = []
        for more in ({"embed_origins": listed}, {"embed_origins": listed, "api_keys": ("a-key",)}):
            settings = load_settings(home=library_home, **more)
            urls.append(stack.enter_context(serve(create_app(assistant, settings, chat=False))))
        yield SimpleNamespace(listed=listed, other=other, listing=urls[0], keyed=urls[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    opened = context.new_page()
    opened.requested = []
    opened.broken = []
    opened.on("request", lambda request: opened.requested.append(request.url))
    opened.on("pageerror", lambda error: opened.broken.append(str(error)))
    yield opened
    assert opened.broken == []
    context.close()


def visit(page: Any, on: str, of: str, **more: str) -> None:
    page.goto(f"{on}/?of={of}" + "".join(f"&{name}={value}" for name, value in more.items()))


def opened(page: Any, on: str, of: str, **more: str) -> Any:
    visit(page, on, of, **more)
    page.locator("button").first.click()
    frame = page.frame_locator("iframe")
    frame.locator("#question").wait_for(timeout=15_000)
    return frame


def ask(frame: Any, question: str, turn: int = 0) -> Any:
    frame.locator("#question").fill(question)
    frame.locator("#question").press("Enter")
    answer = frame.locator(".answer").nth(turn)
    answer.locator(".badge").wait_for(timeout=30_000)
    return answer


def test_one_line_on_a_listed_page_gives_a_cited_conversation(page: Any, places: SimpleNamespace) -> None:
    frame = opened(page, places.listed, places.listing)
    answer = ask(frame, QUESTION)
    assert answer.locator(".badge").get_attribute("data-status") == "answered"
    assert "768" in answer.inner_text()
    assert "768GB/s" in answer.locator("blockquote").first.inner_text()
    link = answer.locator("details a").first
    assert link.get_attribute("href") == "https://example.com/s4000"
    assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())
    answer.locator(".mark").first.click()
    assert frame.locator("li:focus").count() == 1
    assert "450" in ask(frame, "它的功耗呢？", 1).inner_text()
    assert frame.locator(".hello").count() == 0


def test_a_page_that_is_not_listed_gets_no_chat_and_an_explanation(page: Any, places: SimpleNamespace) -> None:
    visit(page, places.other, places.listing)
    page.locator("button").first.click()
    page.get_by_role("alert").wait_for(timeout=15_000)
    assert "XINWEN_EMBED_ORIGINS" in page.get_by_role("alert").inner_text()
    assert page.locator("iframe").count() == 0
    # Nor may its scripts ask in the name of the page.
    refused = page.evaluate(
        """url => fetch(url + "/v1/ask", {method: "POST", headers: {"Content-Type": "application/json"},
        body: '{"question": "S4000"}'}).then(() => "read", () => "refused")""",
        places.listing,
    )
    assert refused == "refused"


def test_a_listed_page_may_ask_with_its_own_script(page: Any, places: SimpleNamespace) -> None:
    visit(page, places.listed, places.listing)
    text = page.evaluate(
        """([url, question]) => fetch(url + "/v1/ask", {method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({question})}).then(response => response.json()).then(answer => answer.text)""",
        [places.listing, QUESTION],
    )
    assert "768" in text


def test_nothing_of_a_hostile_document_or_question_runs_or_loads(page: Any, places: SimpleNamespace) -> None:
    frame = opened(page, places.listed, places.listing)
    answer = ask(frame, "天罡 T900 的显存容量和功耗是多少？")
    ask(frame, '<img src=x onerror="window.hacked=1"> S4000 的显存？', 1)
    page.wait_for_timeout(300)
    assert all(part.evaluate("window.hacked") is None for part in page.frames)
    assert frame.locator("#log img, #log script, [onerror], [onmouseover]").count() == 0
    assert not [url for url in page.requested if "evil.example" in url]
    assert "<img" in answer.inner_text()
    hrefs = [link.get_attribute("href") or "" for link in answer.locator("a").all()]
    assert all(href.startswith(("https://", "#cite-")) for href in hrefs)


def test_the_key_is_asked_for_and_never_in_an_address(page: Any, places: SimpleNamespace) -> None:
    frame = opened(page, places.listed, places.keyed)
    frame.locator("#question").fill(QUESTION)
    frame.locator("#question").press("Enter")
    frame.locator("#key").wait_for()
    frame.locator("#key").fill("wrong")
    frame.locator("#key").press("Enter")
    frame.locator("#key").wait_for()
    frame.locator("#key").fill("a-key")
    frame.locator("#key").press("Enter")
    frame.locator(".answer .badge").wait_for(timeout=30_000)
    assert "768" in frame.locator(".answer").inner_text()
    assert not [url for url in page.requested if "a-key" in url]


def test_it_is_used_by_keyboard_alone_and_says_what_it_is(page: Any, places: SimpleNamespace) -> None:
    visit(page, places.listed, places.listing)
    launcher = page.get_by_role("button", name="打开芯问")
    launcher.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    frame.locator("#question:focus").wait_for(timeout=15_000)
    assert page.locator("button").first.get_attribute("aria-expanded") == "true"
    assert page.locator("iframe").get_attribute("title")
    page.keyboard.type("S4000 功耗")
    page.keyboard.press("Enter")
    frame.locator(".answer .badge").wait_for(timeout=30_000)
    assert frame.get_by_role("log").get_attribute("aria-live") == "polite"
    unnamed = page.frames[1].evaluate(
        """() => [...document.querySelectorAll("button, textarea, input")].filter(part => !part.hidden &&
        !(part.innerText || part.getAttribute("aria-label") || part.labels?.length)).length"""
    )
    assert unnamed == 0
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('div:last-of-type').shadowRoot.querySelector('.panel').hidden")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.tagName") == "BUTTON"


def test_it_speaks_the_pages_language_and_wears_its_theme(page: Any, places: SimpleNamespace) -> None:
    frame = opened(page, places.listed, places.listing, lang="en-GB", theme="dark")
    assert frame.locator("#send").inner_text() == "Ask"
    answer = ask(frame, "What is the memory bandwidth of the MTT S4000?")
    assert answer.locator(".badge").inner_text() == "Answered"
    assert page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 39)"


def test_it_can_stand_in_the_page(page: Any, places: SimpleNamespace) -> None:
    visit(page, places.listed, places.listing, target="%23here")
    frame = page.frame_locator("iframe")
    frame.locator("#question").wait_for(timeout=15_000)
    assert page.evaluate("document.querySelector('#here div').shadowRoot.querySelectorAll('button').length") == 0
    assert "768" in ask(frame, QUESTION).inner_text()


def test_a_thumb_down_with_its_correction_is_kept(page: Any, places: SimpleNamespace, library_home: Path) -> None:
    frame = opened(page, places.listed, places.listing)
    ask(frame, QUESTION)
    answer = ask(frame, "它的功耗呢？", 1)
    answer.get_by_role("button", name="有误").click()
    answer.locator(".rate textarea").fill("应为 400W")
    answer.get_by_role("button", name="提交").click()
    answer.get_by_role("status").wait_for(timeout=15_000)
    kept = Records(library_home).feedback("down")[-1]
    assert (kept.question, kept.history, kept.correction, kept.door) == (
        "它的功耗呢？",
        (QUESTION,),
        "应为 400W",
        "widget",
    )
