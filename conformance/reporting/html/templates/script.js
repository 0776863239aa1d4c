"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const rules = all("details.rule");
  const fields = { verdict: one("#filter-verdict"), level: one("#filter-level"), chapter: one("#filter-chapter"), text: one("#filter-text") };

  /* Language: ?lang= first, then the last choice, then the page's own. A sandbox may have no storage. */
  const KEY = "work-conformance-language";
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (lang) => { try { localStorage.setItem(KEY, lang); } catch { /* the choice is not stored */ } };
  const speak = (lang) => {
    one(`#in-${lang}`).checked = true;
    document.documentElement.lang = lang;
    for (const option of all("option[data-en]")) option.textContent = option.dataset[lang];
  };
  const asked = new URLSearchParams(location.search).get("lang");
  const known = [asked, remembered()].find((lang) => lang === "en" || lang === "zh");
  speak(known || document.documentElement.lang);
  if (asked === "en" || asked === "zh") remember(asked);
  for (const radio of all(".language")) {
    radio.addEventListener("change", () => { const lang = radio.id.slice(3); remember(lang); speak(lang); filter(); });
  }

  /* Filters live in the fragment: #verdict=failed&level=MUST&chapter=retries&text=ack&at=<id>. */
  const wanted = () => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()]).filter(([, value]) => value));
  const filter = () => {
    const { verdict, level, chapter, text } = wanted();
    const words = (text || "").toLowerCase();
    let shown = 0;
    for (const rule of rules) {
      const fits = (!verdict || rule.dataset.verdict === verdict) && (!level || rule.dataset.level === level) &&
        (!chapter || rule.parentElement.dataset.chapter === chapter) && (!words || rule.textContent.toLowerCase().includes(words));
      rule.hidden = !fits;
      shown += fits;
    }
    for (const part of all("section.chapter")) part.hidden = !part.querySelector("details.rule:not([hidden])");
    one("#filter-count").textContent = `${shown} / ${rules.length}`;
    one("#nothing-shown").hidden = shown > 0;
  };
  const note = (at) => {
    const parts = new URLSearchParams(wanted());
    if (at) parts.set("at", at);
    history.replaceState(null, "", parts.size ? `#${parts}` : location.pathname + location.search);
  };
  const open = (id) => {
    const place = id && document.getElementById(id);
    if (!place) return;
    for (let outer = place; outer; outer = outer.parentElement) {
      if (outer.tagName === "DETAILS") outer.open = true;
      if (outer.hidden) { for (const field of Object.values(fields)) field.value = ""; filter(); }
    }
    const details = place.closest("details");
    (place.classList.contains("inside") ? details : place).scrollIntoView();
    if (details && place.classList.contains("inside")) details.querySelector("summary").focus({ preventScroll: true });
  };
  const read = () => {
    const fragment = location.hash.slice(1);
    if (!fragment.includes("=")) {
      filter();
      if (fragment) { open(decodeURIComponent(fragment)); if (Object.keys(wanted()).length) note(decodeURIComponent(fragment)); }
      return;
    }
    const parts = new URLSearchParams(fragment);
    for (const [name, field] of Object.entries(fields)) field.value = parts.get(name) || "";
    filter();
    open(parts.get("at"));
  };
  for (const field of Object.values(fields)) field.addEventListener("input", () => { filter(); note(); });
  one("#filter-reset").addEventListener("click", () => { for (const field of Object.values(fields)) field.value = ""; filter(); note(); });
  one(".filters").hidden = false;
  addEventListener("hashchange", read);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) open(decodeURIComponent(link.hash.slice(1)));
  });
  read();

  /* Copying. */
  const copy = async (pre) => {
    try { await navigator.clipboard.writeText(pre.textContent); return true; } catch { /* not allowed here: use the older API */ }
    getSelection().selectAllChildren(pre);
    return document.execCommand("copy");
  };
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.dataset.done = (await copy(button.previousElementSibling)) ? "yes" : "no";
      const words = button.innerHTML;
      button.textContent = button.dataset.done === "yes" ? "✓" : "✗";
      setTimeout(() => { button.innerHTML = words; }, 1500);
    });
  }

  /* Failures are opened for printing. */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details.failed:not([open]), details.warned:not([open])");
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
})();
