// Where the focus goes when what had it is drawn anew or is gone: to the same control, to what became
// of its row, or to the next row. It never falls to the top of the page.
(() => {
  "use strict";
  const PLACES = "#documents, #libraries, #source";
  const CONTROLS = "button:not(:disabled), a[href], input, select, summary, [tabindex='0']";
  const FIRST = {
    documents: [".undo button", ".docs .t", "#files", ".deleted button"],
    libraries: [".undo button", "summary"],
    source: [".absent button", ".report", ".pg", "button"],
  };
  const canHaveIt = (control) => control.checkVisibility({ checkVisibilityCSS: true }) && !control.disabled;
  const keyOf = (row) => row && (row.dataset.id ?? row.dataset.job ?? row.dataset.kept ?? row.dataset.held ?? row.dataset.key);
  const signOf = (control) => {
    const { event, confirm, unsent, more, id, first, page } = control.dataset;
    return [control.tagName, event ?? confirm ?? unsent ?? more ?? control.name, id ?? control.form?.dataset.event ?? keyOf(control.closest("li")), first ?? page].join(" ");
  };

  // What has the focus, and which rows come after it, the nearest first.
  let held = null;
  const hold = (control) => {
    const place = control.closest(PLACES);
    if (!place) return null;
    const row = control.closest("li");
    const rows = row ? [...row.parentElement.children] : [];
    const at = rows.indexOf(row);
    const next = [...rows.slice(at + 1), ...rows.slice(0, Math.max(at, 0)).reverse()].map(keyOf).filter(Boolean);
    return { control, place: place.id, sign: signOf(control), id: control.dataset.id, first: control.dataset.first, event: control.dataset.event ?? control.dataset.confirm, next };
  };
  document.addEventListener("focusin", ({ target }) => {
    if (!target.closest("dialog")) held = hold(target);  // a question is about what was pressed
  });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => {
    const isLeft = held?.control === target && target.isConnected && canHaveIt(target);
    if (isLeft && document.activeElement === document.body && document.hasFocus() && !document.querySelector("dialog[open]")) held = null;
  }));

  const within = (row) => [...row.querySelectorAll(CONTROLS)].find(canHaveIt);
  const rowOf = (place, key) => [...place.querySelectorAll("li")].find((row) => keyOf(row) === key && within(row));
  // Of a report, the row of the pages that were read again: they may stand with others by now.
  const pagesOf = (place) => held.event === "reread" && [...place.querySelectorAll("li[data-pages]")].find((row) => {
    const [first, last] = row.dataset.pages.split(" ").map(Number);
    return first <= held.first && held.first <= last;
  }) || undefined;
  const neighbour = () => {
    const place = document.getElementById(held.place);
    if (!place) return null;
    const same = [...place.querySelectorAll(CONTROLS)].find((control) => signOf(control) === held.sign && canHaveIt(control));
    if (same) return same;
    const row = pagesOf(place) ?? [held.event === "remove" ? undefined : held.id, ...held.next].map((key) => key && rowOf(place, key)).find(Boolean);
    if (row) return within(row);
    return FIRST[held.place].flatMap((selector) => [...place.querySelectorAll(selector)]).find(canHaveIt);
  };
  const restore = () => {
    if (!held || document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
    if (held.control.isConnected && held.control.disabled) return;  // at work: it is drawn anew
    (held.control.isConnected && canHaveIt(held.control) ? held.control : neighbour())?.focus({ preventScroll: false });
  };
  // Not before whoever else draws: what is unfolded is unfolded again by then, and what is hidden
  // has lost the focus.
  const later = () => requestAnimationFrame(() => setTimeout(restore));
  const watch = () => {
    const places = PLACES.split(", ").map((selector) => document.querySelector(selector));
    if (places.some((place) => !place)) { requestAnimationFrame(watch); return; }
    for (const place of places) new MutationObserver(later).observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "hidden", "open"] });
  };
  watch();
})();
