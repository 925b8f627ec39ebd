/* The chat inside the frame. Everything a server or document says enters the page as text, never as HTML. */
"use strict";
const asked = new URLSearchParams(location.search);
const lang = asked.get("lang") === "en" ? "en" : "zh";
const theme = ["light", "dark"].includes(asked.get("theme")) ? asked.get("theme") : "auto";
const T = {
  zh: { hello: "国产 AI 芯片问答：每个数字都有出处，资料没有的不猜。", label: "问题", placeholder: "例如：MTT S4000 的显存带宽？", send: "提问", stop: "停止",
        clear: "清空", close: "关闭", sources: "出处", source: "出处", answered: "已回答", partial: "部分回答", conflicting: "来源不一", refused: "资料未载",
        clarify: "请明确", error: "出错了", also: "同文转载", useful: "有用吗？", up: "有用", down: "有误", thanks: "谢谢，已记下。", wrong: "正确的应该是（可不填）", give: "提交",
        key: "访问密钥（只留在这个标签页里）", enter: "进入", lost: "连接中断，请再试一次。", stopped: "已停止。", thinking: "正在查……", page: "第 {} 页", slide: "幻灯片 {}", sheet: "工作表 {}",
        tries: ["MTT S4000 的显存带宽是多少？", "对比昇腾910B与昇腾910C", "显存容量最高的三款国产卡"] },
  en: { hello: "Questions about Chinese AI chips: every figure has its source, nothing is guessed.", label: "Question", placeholder: "e.g. MTT S4000 bandwidth?", send: "Ask", stop: "Stop",
        clear: "Clear", close: "Close", sources: "Sources", source: "Source", answered: "Answered", partial: "Partly answered", conflicting: "Sources disagree", refused: "Not in the documents",
        clarify: "Please specify", error: "Error", also: "also in", useful: "Helpful?", up: "Helpful", down: "Something is wrong", thanks: "Thank you, noted.", wrong: "What it should have said (optional)", give: "Send",
        key: "Access key (stays in this tab)", enter: "Enter", lost: "The connection was lost; please try again.", stopped: "Stopped.", thinking: "Looking it up …", page: "p. {}", slide: "slide {}", sheet: "sheet {}",
        tries: ["What is the memory bandwidth of the MTT S4000?", "Compare Ascend 910B and Ascend 910C", "Top three domestic cards by memory capacity"] },
}[lang];
const $ = (id) => document.getElementById(id);
const log = $("log"), box = $("question"), send = $("send");
const api = (path) => new URL(path, location.href.split("?")[0]).href;
const KEPT = 20;
let history = [], turn = 0, running = null;
let key = "";
try { key = sessionStorage.getItem("xinwen-key") || ""; } catch { /* storage may be off in a frame; then it is asked for again */ }

const el = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
};
const headers = (more) => ({ "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}), ...more });

// --- an answer as elements ---------------------------------------------------------------------------------------------
function inline(text, numbers, at) {
  const parts = [];
  let last = 0;
  for (const found of text.matchAll(/\[(\d{1,3})\]|\*\*([^*\n]+)\*\*/g)) {
    if (found[1] && !numbers.has(Number(found[1]))) continue;
    parts.push(text.slice(last, found.index));
    if (found[1]) {
      const mark = el("a", { class: "mark", href: `#cite-${at}-${found[1]}`, "aria-label": `${T.source} ${found[1]}` }, found[1]);
      mark.addEventListener("click", (event) => {
        event.preventDefault();
        const item = $(`cite-${at}-${found[1]}`);
        item.closest("details").open = true;
        item.focus();
        item.scrollIntoView({ block: "nearest" });
      });
      parts.push(mark);
    } else parts.push(el("strong", {}, found[2]));
    last = found.index + found[0].length;
  }
  return [...parts, text.slice(last)];
}
function prose(text, numbers = new Set(), at = 0) {
  const blocks = [];
  let list = null;
  for (const line of text.split("\n")) {
    const item = /^\s*[-*•] (.*)$/.exec(line);
    if (item) {
      if (!list) blocks.push(list = el("ul"));
      list.append(el("li", {}, ...inline(item[1], numbers, at)));
    } else {
      list = null;
      if (line.trim()) blocks.push(el("p", {}, ...inline(line, numbers, at)));
    }
  }
  return blocks;
}
function web(address) {
  try { return ["http:", "https:"].includes(new URL(address).protocol) ? address : null; } catch { return null; }
}
function place(page) {
  const [kind, ...name] = String(page).split(" ");
  if (/^\d+$/.test(kind)) return T.page.replace("{}", () => kind);
  return T[kind] && ["slide", "sheet"].includes(kind) ? T[kind].replace("{}", () => name.join(" ")) : String(page);
}
function readable(quote) {
  // Of a table's row the cells that say something, without the bars around them.
  return quote.split("\n").map((line) => /^\s*\|.*\|\s*$/.test(line)
    ? line.trim().slice(1, -1).split("|").map((cell) => cell.trim()).filter(Boolean).join(" ｜ ") : line).join("\n");
}
function source(citation, at) {
  const address = web(citation.url);
  const title = address
    ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, citation.title) : el("span", {}, citation.title);
  const about = [citation.publisher, citation.published, citation.page ? place(citation.page) : null].filter(Boolean).map((part) => ` · ${part}`).join("");
  const item = el("li", { id: `cite-${at}-${citation.marker}`, value: citation.marker, tabindex: "-1" }, title, about, el("blockquote", {}, readable(citation.quote)));
  if (citation.also?.length) item.append(el("div", {}, `${T.also}: ${citation.also.join(", ")}`));
  return item;
}
function choices(texts) {
  return el("div", { class: "choices" }, ...texts.map((text) => {
    const button = el("button", { type: "button" }, text);
    button.addEventListener("click", () => ask(text));
    return button;
  }));
}
function badge(status, text) { return el("span", { class: `badge ${status}`, "data-status": status }, text || T[status]); }
function draw(into, answer, at, before) {
  const numbers = new Set(answer.citations.map((citation) => citation.marker));
  into.replaceChildren(badge(answer.status));
  if (answer.understood) into.append(el("span", { class: "understood" }, answer.understood));
  into.append(...prose(answer.text, numbers, at));
  if (answer.table) {
    const cells = (name, texts) => el("tr", {}, ...texts.map((text) => el(name, {}, ...inline(text, numbers, at))));
    into.append(el("div", { class: "scroll", tabindex: "0" }, el("table", {}, el("thead", {}, cells("th", answer.table.columns)), el("tbody", {}, ...answer.table.rows.map((row) => cells("td", row))))));
  }
  if (answer.citations.length) {
    const list = el("details", {}, el("summary", {}, `${T.sources} (${answer.citations.length})`), el("ol", {}, ...answer.citations.map((citation) => source(citation, at))));
    list.open = answer.citations.length <= 2;
    into.append(list);
  }
  if (answer.suggestions.length) into.append(choices(answer.suggestions));
  into.append(rating(answer, before));
}
function thumb(up) {
  // Drawn, since not every machine has a font with thumbs.
  const made = (name, attributes) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) part.setAttribute(attribute, value);
    return part;
  };
  const picture = made("svg", { viewBox: "0 0 24 24", width: "16", height: "16", fill: "currentColor", "aria-hidden": "true" });
  picture.append(made("path", { d: "M1 21h4V9H1v12zm22-11c0-1.1-.9-2-2-2h-6.31l.95-4.57.03-.32c0-.41-.17-.79-.44-1.06L14.17 1 7.59 7.59C7.22 7.95 7 8.45 7 9v10c0 1.1.9 2 2 2h9c.83 0 1.54-.5 1.84-1.22l3.02-7.05c.09-.23.14-.47.14-.73v-2z",
    ...(up ? {} : { transform: "rotate(180 12 12)" }) }));
  return picture;
}
function rating(answer, before) {
  const said = el("div", { class: "rate", role: "group", "aria-label": T.useful }, T.useful);
  const up = el("button", { type: "button", "aria-label": T.up, title: T.up }, thumb(true));
  const down = el("button", { type: "button", "aria-label": T.down, title: T.down, "aria-expanded": "false" }, thumb(false));
  const give = async (body) => {
    try {
      const sent = await fetch(api("v1/feedback"), { method: "POST", headers: headers({ "X-Xinwen-Door": "widget" }),
        body: JSON.stringify({ question: answer.question, history: before, answer: answer.text.slice(0, 20000), ...body }) });
      said.replaceChildren(el("span", { role: "status" }, sent.ok ? T.thanks : (await sent.json()).detail));
    } catch { said.replaceChildren(el("span", { role: "status" }, T.lost)); }
  };
  up.addEventListener("click", () => give({ rating: "up" }));
  down.addEventListener("click", () => {
    if (said.querySelector("form")) return;
    down.setAttribute("aria-expanded", "true");
    const words = el("textarea", { rows: "2", maxlength: "4000", "aria-label": T.wrong, placeholder: T.wrong });
    const form = el("form", {}, el("div", { class: "row" }, words, el("button", {}, T.give)));
    form.addEventListener("submit", (event) => { event.preventDefault(); give({ rating: "down", correction: words.value }); });
    said.append(form);
    words.focus();
  });
  said.append(up, down);
  return said;
}

// --- asking ------------------------------------------------------------------------------------------------------------
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const lines = text.slice(0, end).split("\n");
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
      if (field("event")) yield [field("event"), JSON.parse(field("data"))];
    }
  }
}
function failed(into, message) { into.classList.remove("open"); into.replaceChildren(badge("error", T.error), el("p", {}, message)); }
async function ask(question) {
  question = question.trim();
  if (!question || running) return;
  const at = ++turn, before = history.slice(-KEPT);
  if (at === 1) log.replaceChildren();
  const into = el("div", { class: "answer open" }, el("p", {}, T.thinking));
  log.append(el("div", { class: "question" }, question), into);
  log.scrollTop = log.scrollHeight;
  log.setAttribute("aria-busy", "true");
  box.value = "";
  box.style.height = "auto";
  $("clear").hidden = false;
  running = new AbortController();
  send.textContent = T.stop;
  try {
    const response = await fetch(api("v1/ask"), { method: "POST", headers: headers({ Accept: "text/event-stream" }), signal: running.signal, body: JSON.stringify({ question, history: before }) });
    if (response.status === 401) {
      into.previousSibling.remove();
      into.remove();
      box.value = question;
      return needKey();
    }
    if (!response.ok) return failed(into, (await response.json()).detail);
    let text = "", whole = false;
    for await (const [name, data] of events(response)) {
      if (name === "delta") {
        text += data.text;
        into.replaceChildren(...prose(text));
      } else if (name === "answer") {
        whole = true;
        into.classList.remove("open");
        draw(into, data, at, before);
        history = [...before, question].slice(-KEPT);
        const top = into.previousSibling.offsetTop - log.offsetTop;
        if (log.scrollHeight > log.clientHeight) log.scrollTop = top - 8;
      } else if (name === "error") return failed(into, data.detail);
    }
    if (!whole) failed(into, T.lost);
  } catch (error) {
    failed(into, error.name === "AbortError" ? T.stopped : T.lost);
  } finally {
    running = null;
    send.textContent = T.send;
    log.removeAttribute("aria-busy");
  }
}
function needKey() {
  key = "";
  $("key-form").hidden = false;
  $("ask-form").hidden = true;
  $("key").focus();
}

// --- the page ----------------------------------------------------------------------------------------------------------
function hello() {
  history = [];
  turn = 0;
  $("clear").hidden = true;
  log.replaceChildren(el("div", { class: "hello" }, T.hello, choices(T.tries)));
}
document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
document.documentElement.dataset.theme = theme;
document.querySelector('label[for="question"]').textContent = T.label;
document.querySelector('label[for="key"]').textContent = T.key;
document.querySelector("#key-form button").textContent = T.enter;
log.setAttribute("aria-label", document.title);
box.placeholder = T.placeholder;
send.textContent = T.send;
$("clear").textContent = T.clear;
$("close").setAttribute("aria-label", T.close);
$("clear").addEventListener("click", () => { running?.abort(); hello(); box.focus(); });
$("close").addEventListener("click", () => parent.postMessage({ type: "xinwen:close" }, "*"));
$("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) running.abort();
  else ask(box.value);
});
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  // A header holds no other characters; a key never goes into an address, where logs and referrers would keep it.
  if (!/^[\x21-\x7e]+$/.test(key)) return;
  try { sessionStorage.setItem("xinwen-key", key); } catch { /* as above */ }
  $("key").value = "";
  $("key-form").hidden = true;
  $("ask-form").hidden = false;
  ask(box.value);
});
box.addEventListener("keydown", (event) => {
  // Enter that ends a Chinese input method's word is not the end of the question.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) ask(box.value);
  }
});
box.addEventListener("input", () => { box.style.height = "auto"; box.style.height = `${box.scrollHeight + 2}px`; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && parent !== window) parent.postMessage({ type: "xinwen:close" }, "*"); });
window.addEventListener("message", (event) => {
  if (event.source !== parent || event.data?.type !== "xinwen:focus") return;
  if (event.data.closable) $("close").hidden = false;
  box.focus();
});
hello();
// It says only that this frame is here; nothing in it is anybody's.
if (parent !== window) parent.postMessage({ type: "xinwen:ready" }, "*");
