"""The chat page: a Gradio page over the same chain as every other door."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from importlib import resources
from typing import Any

from fastapi import FastAPI

from assistant.core import Assistant
from assistant.limits import checked_history, checked_question
from assistant.settings import Settings
from assistant.ui import render
from assistant.wording import Wording
from knowledge.errors import XinwenError

logger = logging.getLogger(__name__)
# A page redraws at most this often while an answer streams in; more only makes the browser work.
REDRAW = 0.05
KEPT_TURNS = 20
_TO_LATEST = "() => [...document.querySelectorAll('.xw-question')].at(-1)?.scrollIntoView({behavior: 'smooth'})"
_TEXTS = {
    "zh": {
        "title": "芯问 Xinwen",
        "about": "国产 AI 芯片问答：每个数字都有出处，资料没有的不猜。",
        "ask": "提问",
        "clear": "清空",
        "placeholder": "例如：MTT S4000 的显存带宽是多少？",
        "question": "问题",
        "examples": "试试：",
    },
    "en": {
        "title": "芯问 Xinwen",
        "about": "Answers about Chinese AI chips: every figure has its source, nothing is guessed.",
        "ask": "Ask",
        "clear": "Clear",
        "placeholder": "For example: What is the memory bandwidth of the MTT S4000?",
        "question": "Question",
        "examples": "Try:",
    },
}
# (number, question, HTML of the answer) of each turn kept; numbers go on counting, citations' links need them unique.
Turns = list[tuple[int, str, str]]


def mount(app: FastAPI, assistant: Assistant, settings: Settings) -> FastAPI:
    """`app` with the chat page at /. Where keys are set, the page asks for one as its password."""
    import gradio as gr

    page = build(assistant, settings)
    keys = {key.get_secret_value() for key in settings.api_keys}
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        css=(resources.files("assistant.ui") / "chat.css").read_text("utf-8"),
        footer_links=[],
        theme=gr.themes.Soft(),
        auth=(lambda user, password: password in keys) if keys else None,
        show_error=False,
        ssr_mode=False,
    )


def build(assistant: Assistant, settings: Settings) -> Any:
    """The page. A session keeps its questions and their HTML, at most `KEPT_TURNS`, and nothing of the corpus."""
    import gradio as gr

    def respond(question: str, turns: Turns, language: str) -> Iterator[tuple[str, str, Turns]]:
        for html, turns_now in answer(assistant, settings, question, turns, _code(language)):
            yield "", html, turns_now

    def texts(language: str) -> tuple[Any, ...]:
        words = _TEXTS[_code(language)]
        return (
            _head(words),
            gr.update(placeholder=words["placeholder"], label=words["question"]),
            gr.update(value=words["ask"]),
            gr.update(value=words["clear"]),
            *[gr.update(value=text) for text in _examples(assistant, _code(language))],
        )

    words = _TEXTS["zh"]
    with gr.Blocks(title=words["title"], analytics_enabled=False) as page:
        turns = gr.State([], time_to_live=3600)
        with gr.Row():
            head = gr.HTML(_head(words), scale=4)
            language = gr.Radio(
                ["中文", "English"], value="中文", show_label=False, container=False, scale=1, elem_id="language"
            )
        conversation = gr.HTML("", elem_id="conversation", apply_default_css=False, js_on_load="")
        with gr.Row(elem_id="composer"):
            box = gr.Textbox(
                label=words["question"],
                placeholder=words["placeholder"],
                lines=1,
                max_lines=4,
                scale=6,
                elem_id="question",
                autofocus=True,
                max_length=settings.max_question_chars,
            )
            send = gr.Button(words["ask"], variant="primary", scale=1, elem_id="ask")
        with gr.Row():
            examples = [
                gr.Button(text, size="sm", variant="secondary", elem_classes="xw-example")
                for text in _examples(assistant, "zh")
            ]
            clear = gr.Button(words["clear"], size="sm", variant="stop", elem_id="clear")
        asked: dict[str, Any] = {
            "fn": respond,
            "outputs": [box, conversation, turns],
            "concurrency_limit": settings.workers,
            "concurrency_id": "ask",
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        gr.on([box.submit, send.click], inputs=[box, turns, language], **asked).then(None, js=_TO_LATEST)
        for button in examples:
            button.click(inputs=[button, turns, language], **asked).then(None, js=_TO_LATEST)
        clear.click(lambda: ("", "", []), outputs=[box, conversation, turns], api_visibility="private")
        language.change(
            texts,
            inputs=[language],
            outputs=[head, box, send, clear, *examples],
            api_visibility="private",
            show_progress="hidden",
        )
    page.queue(default_concurrency_limit=settings.workers, max_size=200)
    return page


def _code(language: str) -> str:
    return "en" if language == "English" else "zh"


def _head(words: dict[str, str]) -> str:
    return f'<div class="xw-head"><h1>{words["title"]}</h1><p>{words["about"]}</p></div>'


def _examples(assistant: Assistant, language: str) -> tuple[str, ...]:
    return Wording(language, assistant.catalog).examples[:3]


def answer(
    assistant: Assistant, settings: Settings, question: str, turns: Turns, language: str
) -> Iterator[tuple[str, Turns]]:
    """The conversation's HTML as the answer comes in, with the turns that are kept."""
    turn = turns[-1][0] + 1 if turns else 1
    before = "".join(render.question_html(asked) + said for _, asked, said in turns)

    def shown(html: str) -> str:
        return f'<div class="xw-conversation">{before}{render.question_html(question.strip()[:400]) if question.strip() else ""}{html}</div>'

    try:
        text = checked_question(question, settings)
        history = checked_history([asked for _, asked, _ in turns], settings)
        so_far, drawn, html = "", 0.0, ""
        for event in assistant.stream(text, history):
            if isinstance(event, str):
                so_far += event
                if time.monotonic() - drawn >= REDRAW:
                    drawn = time.monotonic()
                    yield shown(render.partial_html(so_far, turn)), turns
            else:
                html = render.answer_html(event, turn)
        yield shown(html), [*turns, (turn, text, html)][-KEPT_TURNS:]
    except XinwenError as error:
        yield shown(render.error_html(str(error), language)), turns
    except Exception:
        logger.exception("unexpected error in the chat")
        sorry = {"zh": "这次没能回答，请再试一次。", "en": "This could not be answered; please try again."}[language]
        yield shown(render.error_html(sorry, language)), turns
