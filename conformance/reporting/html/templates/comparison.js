(() => {
  /* An address or a link opens the requirement that it names. */
  const open = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let outer = place; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
    place?.scrollIntoView();
  };
  addEventListener("hashchange", open);
  if (location.hash) open();

  /* New failures are printed in full, the other requirements are named. */
  let changed = [];
  addEventListener("beforeprint", () => {
    changed = all("details.rule").filter((rule) => rule.open !== rule.classList.contains("printed"));
    for (const rule of changed) rule.open = !rule.open;
  });
  addEventListener("afterprint", () => {
    for (const rule of changed) rule.open = !rule.open;
    changed = [];
  });
})();
