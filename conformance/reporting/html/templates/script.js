"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const rules = all("details.rule");
  const fields = { verdict: one("#filter-verdict"), level: one("#filter-level"), chapter: one("#filter-chapter"), text: one("#filter-text") };

  let printing = false;

  /* Language: ?lang= first, then the last choice, then the page's own. A sandbox may have no storage. */
  const KEY = "work-conformance-language";
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (lang) => { try { localStorage.setItem(KEY, lang); } catch { /* the choice is not stored */ } };
  const speak = (lang) => {
    one(`#in-${lang}`).checked = true;
    document.documentElement.lang = lang;
    for (const named of all("option[data-en], title[data-en]")) named.textContent = named.dataset[lang];
    for (const docs of all(".docs > details")) docs.open = docs.classList.contains(lang);
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
  const listed = all(".failures details.rule");
  const filter = () => {
    const { verdict, level, chapter, text } = wanted();
    const words = (text || "").toLowerCase();
    let shown = 0;
    for (const rule of rules) {
      const fits = (!verdict || rule.dataset.verdict === verdict) && (!level || rule.dataset.level === level) &&
        (!chapter || rule.dataset.chapter === chapter) && (!words || rule.textContent.toLowerCase().includes(words));
      rule.hidden = !fits;
      shown += fits;
    }
    for (const part of all("section.chapter")) part.hidden = !part.querySelector("details.rule:not([hidden])");
    for (const part of all(".failures")) part.hidden = listed.length > 0 && listed.every((rule) => rule.hidden);
    for (const chip of all("[data-filter]")) chip.toggleAttribute("aria-current", chip.dataset.filter === verdict);
    const above = listed.filter((rule) => !rule.hidden).length;
    one("#filter-count").textContent = `${shown} / ${rules.length}`;
    one("#nothing-shown").hidden = shown > 0;
    if (listed.length) one("#only-above").hidden = !above || above < shown || shown === rules.length;
    place();
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
    if (parts.get("at")) open(parts.get("at"));
    else if (Object.keys(wanted()).length) rules.find((rule) => !rule.hidden)?.scrollIntoView();
  };
  for (const field of Object.values(fields)) field.addEventListener("input", () => { filter(); note(); });
  one("#filter-reset").addEventListener("click", () => { for (const field of Object.values(fields)) field.value = ""; filter(); note(); });
  one(".filters").hidden = false;

  /* A count chooses its verdict; chosen again, all are shown. */
  for (const chip of all("[data-filter]")) {
    chip.addEventListener("click", (event) => {
      event.preventDefault();
      const again = fields.verdict.value === chip.dataset.filter;
      for (const field of Object.values(fields)) field.value = "";
      fields.verdict.value = again ? "" : chip.dataset.filter;
      filter();
      note();
      if (!again) rules.find((rule) => !rule.hidden)?.scrollIntoView();
    });
  }

  /* From failure to failure: n or j, p or k, and two buttons. */
  let current = null;
  const visible = () => listed.filter((rule) => !rule.hidden);
  const place = () => {
    if (!one(".steps")) return;
    const each = visible();
    one(".steps").hidden = each.length === 0;
    one("#step-place").textContent = `${each.indexOf(current) + 1 || "–"} / ${each.length}`;
  };
  const step = (by) => {
    const each = visible();
    if (!each.length) return;
    const at = each.indexOf(current);
    current = each[at < 0 ? (by > 0 ? 0 : each.length - 1) : (at + by + each.length) % each.length];
    const id = current.querySelector(".inside").id;
    note(id);
    open(id);
    place();
  };
  for (const rule of listed) rule.addEventListener("toggle", () => { if (rule.open && !printing) { current = rule; place(); } });
  if (one(".steps")) {
    one("#step-back").addEventListener("click", () => step(-1));
    one("#step-on").addEventListener("click", () => step(1));
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest?.("input[type=search], select, textarea")) return;
    if (event.key === "n" || event.key === "j") step(1);
    else if (event.key === "p" || event.key === "k") step(-1);
  });

  addEventListener("hashchange", read);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && !link.dataset.filter && link.hash === location.hash) open(decodeURIComponent(link.hash.slice(1)));
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

  /* The first failure of each root cause is printed in full; the others are named. */
  let changed = [];
  addEventListener("beforeprint", () => {
    printing = true;
    changed = all("details.rule").filter((rule) => rule.open !== rule.classList.contains("printed"));
    for (const rule of changed) rule.open = !rule.open;
  });
  addEventListener("afterprint", () => {
    for (const rule of changed) rule.open = !rule.open;
    changed = [];
    setTimeout(() => { printing = false; });
  });
})();
