(() => {
  const rules = all("details.rule");
  const names = ["verdict", "level", "chapter", "since", "text"].filter((name) => one(`#filter-${name}`));
  const fields = Object.fromEntries(names.map((name) => [name, one(`#filter-${name}`)]));
  const fieldOf = (chip) => chip.dataset.field || "verdict";

  let printing = false;

  /* Filters live in the fragment: #verdict=failed&level=MUST&chapter=retries&text=ack&at=<id>. */
  const wanted = () => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()]).filter(([, value]) => value));
  const listed = all(".failures details.rule");
  const filter = () => {
    const { verdict, level, chapter, since, text } = wanted();
    const words = (text || "").toLowerCase();
    let shown = 0;
    for (const rule of rules) {
      const fits = (!verdict || rule.dataset.verdict === verdict) && (!level || rule.dataset.level === level) &&
        (!chapter || rule.dataset.chapter === chapter) && (!since || rule.dataset.since === since) && (!words || rule.textContent.toLowerCase().includes(words));
      rule.hidden = !fits;
      shown += fits;
    }
    for (const part of all("section.chapter")) part.hidden = !part.querySelector("details.rule:not([hidden])");
    for (const part of all(".failures")) part.hidden = listed.length > 0 && listed.every((rule) => rule.hidden);
    for (const chip of all("[data-filter]")) chip.toggleAttribute("aria-current", chip.dataset.filter === wanted()[fieldOf(chip)]);
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
  for (const radio of all(".language")) radio.addEventListener("change", () => filter());

  /* A count chooses its verdict; chosen again, all are shown. */
  for (const chip of all("[data-filter]")) {
    chip.addEventListener("click", (event) => {
      event.preventDefault();
      const again = fields[fieldOf(chip)].value === chip.dataset.filter;
      for (const each of Object.values(fields)) each.value = "";
      fields[fieldOf(chip)].value = again ? "" : chip.dataset.filter;
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
