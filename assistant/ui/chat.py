"""The chat page: a Gradio page over the same chain as every other door."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from importlib import resources
from typing import Any

from fastapi import FastAPI

from assistant.answer import Answer
from assistant.api.measures import Measures, timer
from assistant.api.rates import Rate
from assistant.core import Assistant
from assistant.limits import checked_history, checked_question
from assistant.records import Feedback, Rating, Records
from assistant.settings import Settings
from assistant.ui import render
from assistant.wording import Wording
from knowledge.errors import XinwenError

logger = logging.getLogger(__name__)
# A page redraws at most this often while an answer streams in; more only makes the browser work.
REDRAW = 0.05
KEPT_TURNS = 20
MOST_CORRECTION = 4_000
_FONTS = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
_TO_LATEST = "() => [...document.querySelectorAll('.xw-question')].at(-1)?.scrollIntoView({behavior: 'smooth'})"
# A suggestion pressed is asked as if it had been typed.
_CHOICES = """() => document.addEventListener('click', (event) => {
  const choice = event.target.closest?.('.xw-choice');
  const box = document.querySelector('#question textarea');
  if (!choice || !box) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, choice.textContent);
  box.dispatchEvent(new Event('input', {bubbles: true}));
  setTimeout(() => document.querySelector('#ask').click(), 50);
})"""
_TEXTS = {
    "zh": {
        "title": "芯问 Xinwen",
        "about": "国产 AI 芯片问答：每个数字都有出处，资料没有的不猜。",
        "ask": "提问",
        "clear": "清空",
        "placeholder": "例如：MTT S4000 的显存带宽是多少？",
        "question": "问题",
        "useful": "这个回答有用吗？",
        "up": "有用",
        "down": "有误",
        "correction": "正确的应该是（可不填；可附出处）",
        "give": "提交",
        "thanks": "谢谢，已记下。它不会直接改动任何回答；维护者会拿它核对、做成评测用例。",
        "enough": "这里已收到很多反馈，请稍后再来。",
    },
    "en": {
        "title": "芯问 Xinwen",
        "about": "Answers about Chinese AI chips: every figure has its source, nothing is guessed.",
        "ask": "Ask",
        "clear": "Clear",
        "placeholder": "For example: What is the memory bandwidth of the MTT S4000?",
        "question": "Question",
        "useful": "Was this answer helpful?",
        "up": "Helpful",
        "down": "Something is wrong",
        "correction": "What it should have said (optional; a source helps)",
        "give": "Send",
        "thanks": "Thank you, noted. It changes no answer by itself; maintainers check it and make an eval case of it.",
        "enough": "Much feedback has come from here; please come again later.",
    },
}
# (number, question, HTML of the answer) of each turn kept; numbers go on counting, citations' links need them unique.
Turns = list[tuple[int, str, str]]
# The latest answer as feedback names it: question, earlier questions, text. None while there is none to rate.
Latest = tuple[str, list[str], str] | None


def mount(app: FastAPI, assistant: Assistant, settings: Settings, records: Records, measures: Measures) -> FastAPI:
    """`app` with the chat page at /. Where keys are set, the page asks for one as its password."""
    import gradio as gr

    page = build(assistant, settings, records, measures)
    keys = {key.get_secret_value() for key in settings.api_keys}
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        css=(resources.files("assistant.ui") / "chat.css").read_text("utf-8"),
        js=_CHOICES,
        footer_links=[],
        # The fonts of the machine: they have Han characters, and nothing is fetched for them.
        theme=gr.themes.Soft(font=_FONTS, font_mono=["ui-monospace", "monospace"]),
        auth=(lambda user, password: password in keys) if keys else None,
        show_error=False,
        ssr_mode=False,
    )


def build(assistant: Assistant, settings: Settings, records: Records, measures: Measures) -> Any:
    """The page. A session keeps its questions and their HTML, at most `KEPT_TURNS`, and nothing of the corpus."""
    import gradio as gr

    often = Rate(settings.feedback_limit, 3600)

    def respond(question: str, turns: Turns, language: str) -> Iterator[tuple[str, str, Turns, Latest]]:
        took = timer()
        for html, turns_now, answered in answer(assistant, settings, question, turns, _code(language)):
            latest = None
            if answered is not None:
                measures.answered(answered, "page", took())
                latest = (answered.question, [asked for _, asked, _ in turns], answered.text)
            yield "", html, turns_now, latest

    def ratable(latest: Latest) -> tuple[Any, ...]:
        shown = latest is not None and settings.feedback_limit > 0
        return gr.update(visible=shown), gr.update(visible=False), gr.update(value="", visible=False)

    def rate(rating: Rating, latest: Latest, correction: str, language: str, request: gr.Request) -> tuple[Any, ...]:
        words = _TEXTS[_code(language)]
        said = words["enough"]
        if (
            latest is not None
            and settings.feedback_limit
            and not often.wait(request.client.host if request.client else "")
        ):
            question, history, text = latest
            kept = checked_history(history, settings)
            records.add(Feedback(rating, question, tuple(kept), text, "", correction.strip()[:MOST_CORRECTION], "page"))
            measures.rated(rating, "page")
            said = words["thanks"]
        return gr.update(visible=False), gr.update(visible=False), gr.update(value=said, visible=True), "", None

    def rate_up(latest: Latest, language: str, request: gr.Request) -> tuple[Any, ...]:
        return rate("up", latest, "", language, request)

    def rate_down(latest: Latest, correction: str, language: str, request: gr.Request) -> tuple[Any, ...]:
        return rate("down", latest, correction, language, request)

    # Gradio hands the request to whoever asks for it by type, and cannot read the name of one imported in here.
    for rater in (rate_up, rate_down):
        rater.__annotations__["request"] = gr.Request

    def texts(language: str) -> tuple[Any, ...]:
        words = _TEXTS[_code(language)]
        return (
            _head(words),
            gr.update(placeholder=words["placeholder"], label=words["question"]),
            gr.update(value=words["ask"]),
            gr.update(value=words["clear"]),
            f'<span class="xw-useful">{words["useful"]}</span>',
            gr.update(value=words["up"]),
            gr.update(value=words["down"]),
            gr.update(label=words["correction"]),
            gr.update(value=words["give"]),
            *[gr.update(value=text) for text in _examples(assistant, _code(language))],
        )

    words = _TEXTS["zh"]
    with gr.Blocks(title=words["title"], analytics_enabled=False) as page:
        turns = gr.State([], time_to_live=3600)
        latest = gr.State(None, time_to_live=3600)
        with gr.Row(elem_id="top"):
            head = gr.HTML(_head(words), scale=4)
            language = gr.Radio(
                ["中文", "English"], value="中文", show_label=False, container=False, scale=1, elem_id="language"
            )
        conversation = gr.HTML("", elem_id="conversation", apply_default_css=False, js_on_load="")
        with gr.Row(visible=False, elem_id="rating") as rating:
            useful = gr.HTML(f'<span class="xw-useful">{words["useful"]}</span>', scale=0, min_width=150)
            up = gr.Button(words["up"], size="sm", scale=0, min_width=64, elem_id="up")
            down = gr.Button(words["down"], size="sm", scale=0, min_width=64, elem_id="down")
        with gr.Row(visible=False, elem_id="correcting") as correcting:
            correction = gr.Textbox(
                label=words["correction"],
                lines=2,
                max_lines=6,
                scale=6,
                max_length=MOST_CORRECTION,
                elem_id="correction",
            )
            give = gr.Button(words["give"], scale=1, min_width=80, elem_id="give")
        thanks = gr.Markdown("", visible=False, elem_id="thanks")
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
            "outputs": [box, conversation, turns, latest],
            "concurrency_limit": settings.workers,
            "concurrency_id": "ask",
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        feedback = [rating, correcting, thanks]
        asking = [gr.on([box.submit, send.click], inputs=[box, turns, language], **asked)]
        asking += [button.click(inputs=[button, turns, language], **asked) for button in examples]
        for done in asking:
            done.then(ratable, inputs=[latest], outputs=feedback, **quietly).then(None, js=_TO_LATEST)
        rated = [*feedback, correction, latest]
        up.click(rate_up, inputs=[latest, language], outputs=rated, **quietly)
        down.click(lambda: gr.update(visible=True), outputs=[correcting], **quietly)
        give.click(rate_down, inputs=[latest, correction, language], outputs=rated, **quietly)
        clear.click(lambda: ("", "", [], None), outputs=[box, conversation, turns, latest], **quietly).then(
            ratable, inputs=[latest], outputs=feedback, **quietly
        )
        language.change(
            texts,
            inputs=[language],
            outputs=[head, box, send, clear, useful, up, down, correction, give, *examples],
            **quietly,
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
) -> Iterator[tuple[str, Turns, Answer | None]]:
    """The conversation's HTML as the answer comes in, with the turns that are kept; the Answer at the end, if any."""
    turn = turns[-1][0] + 1 if turns else 1
    before = "".join(render.question_html(asked) + said for _, asked, said in turns)

    def shown(html: str) -> str:
        return f'<div class="xw-conversation">{before}{render.question_html(question.strip()[:400]) if question.strip() else ""}{html}</div>'

    try:
        text = checked_question(question, settings)
        history = checked_history([asked for _, asked, _ in turns], settings)
        so_far, drawn, html = "", 0.0, ""
        whole: Answer | None = None
        for event in assistant.stream(text, history):
            if isinstance(event, str):
                so_far += event
                if time.monotonic() - drawn >= REDRAW:
                    drawn = time.monotonic()
                    yield shown(render.partial_html(so_far, turn)), turns, None
            else:
                whole, html = event, render.answer_html(event, turn)
        yield shown(html), [*turns, (turn, text, html)][-KEPT_TURNS:], whole
    except XinwenError as error:
        yield shown(render.error_html(str(error), language)), turns, None
    except Exception:
        logger.exception("unexpected error in the chat")
        sorry = {"zh": "这次没能回答，请再试一次。", "en": "This could not be answered; please try again."}[language]
        yield shown(render.error_html(sorry, language)), turns, None
