"use strict";
/* What every page has: the choice of the language, and buttons that copy a command. */
const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);

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
  radio.addEventListener("change", () => { const lang = radio.id.slice(3); remember(lang); speak(lang); });
}

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

