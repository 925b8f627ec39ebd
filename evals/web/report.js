"use strict";
(() => {
  const root = document.documentElement;
  root.dataset.lang = (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  root.lang = root.dataset.lang;
  document.getElementById("language").addEventListener("click", () => {
    root.dataset.lang = root.lang = root.dataset.lang === "zh" ? "en" : "zh";
  });
  const cases = [...document.querySelectorAll("details.case")];
  const words = document.getElementById("words");
  const choices = ["state", "suite", "tag", "origin"].map((name) => document.getElementById(name));
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const text = new Map(cases.map((item) => [item, item.textContent.toLowerCase()]));
  const fits = (item, name, value) => {
    if (!value) return true;
    if (name === "tag") return item.dataset.tags.split(" ").includes(value);
    if (name === "state" && value === "changed") return item.dataset.changed === "yes";
    return item.dataset[name] === value;
  };
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of cases) {
      const fit = choices.every((choice) => fits(item, choice.id, choice.value)) && wanted.every((word) => text.get(item).includes(word));
      item.hidden = !fit;
      shown += fit;
    }
    count.textContent = `${shown} / ${cases.length}`;
    none.hidden = shown > 0;
  };
  words.addEventListener("input", apply);
  choices.forEach((choice) => choice.addEventListener("change", apply));
  const named = decodeURIComponent(location.hash.slice(1));
  const target = named && cases.find((item) => item.id === `case-${named}`);
  if (target) target.open = true;
  if (document.body.dataset.failing === "yes" && !target) document.getElementById("state").value = "failing";
  apply();
  if (target) target.scrollIntoView();
})();
