/* 芯问 Xinwen: a chat on any page by one line, <script src="https://HOST/embed.js" async></script>.
   data-lang="zh|en", data-theme="light|dark", data-target="#element" (in the page instead of a button) are optional.
   The chat itself is a frame of HOST: nothing of this page reaches it, nothing of it reaches this page. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.__xinwen) return;
  window.__xinwen = true;
  const spoken = script.dataset.lang || document.documentElement.lang || navigator.language || "en";
  const lang = /^zh/i.test(spoken) ? "zh" : "en";
  const theme = ["light", "dark"].includes(script.dataset.theme) ? script.dataset.theme : "auto";
  const words = {
    zh: { open: "打开芯问：国产 AI 芯片问答", close: "关闭芯问", frame: "芯问：国产 AI 芯片问答",
          no: "芯问在这个网页上打不开：请管理员把本站的来源写进 XINWEN_EMBED_ORIGINS，并确认服务在运行。" },
    en: { open: "Open Xinwen: questions about Chinese AI chips", close: "Close Xinwen", frame: "Xinwen: questions about Chinese AI chips",
          no: "Xinwen cannot be shown on this page: its administrator has to list this site's origin in XINWEN_EMBED_ORIGINS, and the server has to run." },
  }[lang];
  const address = new URL("embed", script.src);
  address.search = new URLSearchParams({ lang, theme }).toString();

  const css = new CSSStyleSheet();
  css.replaceSync(`
    :host { all: initial; }
    * { box-sizing: border-box; font-family: system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
    button { position: fixed; right: 20px; bottom: 20px; width: 56px; height: 56px; border: 0; border-radius: 28px; cursor: pointer;
      background: #1d4ed8; color: #fff; font-size: 18px; font-weight: 600; box-shadow: 0 4px 16px rgb(0 0 0 / 30%); z-index: 2147483000; }
    button:hover { background: #1e40af; }
    button:focus-visible { outline: 3px solid #93c5fd; outline-offset: 2px; }
    .panel { position: fixed; right: 20px; bottom: 88px; width: 400px; height: min(640px, calc(100vh - 110px)); border-radius: 14px; overflow: hidden;
      background: #fff; box-shadow: 0 8px 40px rgb(0 0 0 / 35%); z-index: 2147483000; }
    .panel[hidden] { display: none; }
    .inline { position: static; width: 100%; height: 100%; min-height: 420px; box-shadow: none; border: 1px solid #8884; }
    .dark { background: #111827; }
    @media (prefers-color-scheme: dark) { .auto { background: #111827; } }
    iframe { width: 100%; height: 100%; border: 0; display: block; }
    p { margin: 0; padding: 20px; color: #b91c1c; background: #fff; font-size: 14px; line-height: 1.6; }
    @media (max-width: 480px) { .panel:not(.inline) { inset: 0; width: auto; height: auto; border-radius: 0; } .open:not(.inline) + button { display: none; } }
    @media print { :host { display: none; } }
  `);

  const start = () => {
    const target = script.dataset.target ? document.querySelector(script.dataset.target) : null;
    const host = document.createElement("div");
    if (target) host.style.cssText = "display:block;height:100%";
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [css];
    const panel = document.createElement("div");
    panel.className = `panel ${theme}${target ? " inline" : ""}`;
    panel.id = "panel";
    panel.hidden = !target;
    root.append(panel);
    let frame = null;
    let ready = false;

    const load = () => {
      if (frame) return;
      frame = document.createElement("iframe");
      frame.title = words.frame;
      frame.referrerPolicy = "no-referrer";
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox");
      frame.src = address.href;
      const late = () => {
        if (ready) return;
        const note = document.createElement("p");
        note.setAttribute("role", "alert");
        note.textContent = words.no;
        panel.replaceChildren(note);
      };
      // A refused frame loads the browser's own page and never says that it is ready.
      frame.addEventListener("load", () => setTimeout(late, 3000));
      setTimeout(late, 20000);
      panel.append(frame);
    };
    if (target) {
      load();
      target.append(host);
    } else {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = lang === "zh" ? "芯问" : "Ask";
      const show = (open) => {
        panel.hidden = !open;
        panel.classList.toggle("open", open);
        button.setAttribute("aria-expanded", String(open));
        button.setAttribute("aria-label", open ? words.close : words.open);
        if (open) {
          load();
          frame.focus();
          if (ready) frame.contentWindow.postMessage({ type: "xinwen:focus" }, address.origin);
        } else button.focus();
      };
      button.setAttribute("aria-controls", "panel");
      button.setAttribute("aria-haspopup", "dialog");
      button.setAttribute("aria-expanded", "false");
      button.setAttribute("aria-label", words.open);
      button.addEventListener("click", () => show(panel.hidden));
      root.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) show(false); });
      host.hide = () => show(false);
      root.append(button);
      document.body.append(host);
    }
    window.addEventListener("message", (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== address.origin) return;
      if (event.data?.type === "xinwen:ready") {
        ready = true;
        if (!target) event.source.postMessage({ type: "xinwen:focus", closable: true }, address.origin);
      }
      if (event.data?.type === "xinwen:close" && host.hide) host.hide();
    });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
