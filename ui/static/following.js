// What changes elsewhere, in another tab or by the command line, shows here within two seconds: the
// documents, the chooser of libraries, and what has become of the document in the pane.
(() => {
  "use strict";
  const SECONDS_BETWEEN_LOOKS = 1.5;
  const byId = (id) => document.getElementById(id);
  const gesture = (id, detail) =>
    document.querySelector(`#${id} [id^="html-"]`)?.dispatchEvent(new CustomEvent("gesture", { detail }));
  const opened = () => document.querySelector("#source .asked[data-document]");

  // What is typed or chosen in the chooser and not sent is kept while it is drawn anew, with the caret.
  const FIELDS = "#libraries input, #libraries select:not([data-submits])";
  const typed = new Map();  // by the form and the name of the field
  const keyOf = (field) => [field.form?.dataset.event, field.form?.dataset.id, field.name].join(" ");
  let field = null;  // that has the focus
  let isComposing = false;
  document.addEventListener("input", ({ target }) => {
    if (!target.matches(FIELDS)) return;
    if (target.value === target.defaultValue) typed.delete(keyOf(target)); else typed.set(keyOf(target), target.value);
  });
  document.addEventListener("submit", ({ target }) => {
    if (target.closest("#libraries")) for (const each of target.elements) typed.delete(keyOf(each));
  });
  document.addEventListener("focusin", ({ target }) => { field = target.matches(FIELDS) ? target : null; });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => { if (field === target && target.isConnected && document.activeElement !== target) field = null; }));
  for (const kind of ["compositionstart", "compositionend"]) document.addEventListener(kind, () => { isComposing = kind === "compositionstart"; });
  const retype = () => {
    for (const each of document.querySelectorAll(FIELDS)) {
      const value = typed.get(keyOf(each));
      const isThere = each.tagName === "INPUT" || [...each.options].some((option) => option.value === value);
      if (value !== undefined && each.value !== value && isThere) each.value = value;
    }
    if (!field || field.isConnected || document.activeElement !== document.body) return;
    const now = [...document.querySelectorAll(FIELDS)].find((each) => keyOf(each) === keyOf(field));
    const { selectionStart, selectionEnd } = field;
    now?.focus({ preventScroll: true });
    if (now && typeof selectionStart === "number") now.setSelectionRange(selectionStart, selectionEnd);
  };
  // It stays as it is only while something is asked in it, a word is being composed or a list is unfolded.
  const UNFOLDED = CSS.supports("selector(select:open)") ? "select:open" : "select:focus";
  const isInUse = (menu) => menu.open && (isComposing || Boolean(menu.querySelector(`.ask, ${UNFOLDED}`)));
  const MOST_MS = 5000;  // for the chooser to be drawn
  let drawing = null;  // that it was asked for: since when, in place of what, and whether it is unfolded
  const followLibraries = (state) => {
    const menu = document.querySelector("#libraries details.library");
    if (!menu || !state || menu.dataset.state === state || isInUse(menu)) return;
    if (drawing && performance.now() - drawing.since < MOST_MS) return;
    drawing = { since: performance.now(), state: menu.dataset.state, isUnfolded: menu.open };
    gesture("libraries", { event: "menu" });
  };
  const followSource = (asked, standing) => {
    if (!asked || asked !== opened() || asked.dataset.standing === standing) return;
    const { kind, id, turn, index, page } = asked.dataset;
    const detail = Object.fromEntries(Object.entries({ id, turn, index, page }).filter(([, value]) => value !== undefined));
    gesture("source", { event: kind, ...detail });
  };

  // What a server that was started again has set may differ: what is drawn of it is drawn anew.
  let started = null;
  const followStart = (now) => {
    if (started && now && now !== started) {
      gesture("documents", { event: "added" });
      document.dispatchEvent(new Event("server-started"));
    }
    started = now ?? started;
  };

  let looking = false;
  let again = false;
  const look = async () => {
    const list = byId("outcomes");
    if (document.hidden || !list) return;
    again = looking;
    if (looking) return;
    looking = true;
    const library = list.dataset.library;
    const asked = opened();
    try {
      const answer = await fetch(`documents?${new URLSearchParams({ library, shown: asked?.dataset.document ?? "" })}`);
      const shown = byId("outcomes")?.dataset;
      if (answer.ok) followStart(answer.headers.get("x-started"));
      if (answer.ok && shown?.library === library) {
        const now = await answer.json();
        if (now.state !== byId("outcomes")?.dataset.state) gesture("documents", { event: "added" });
        followLibraries(now.libraries);
        followSource(asked, now.standing);
      }
    } catch { /* the server is gone; whatever is asked next says so */ }
    looking = false;
    if (again) look();
  };
  setInterval(look, 1000 * SECONDS_BETWEEN_LOOKS);
  for (const moment of ["visibilitychange", "turn-ended", "look"]) document.addEventListener(moment, look);
  addEventListener("focus", look);

  // What was done here is followed at once.
  let state;
  const noticeChange = () => {
    const now = byId("outcomes")?.dataset.state;
    if (now === undefined || now === state) return;
    if (state !== undefined) look();
    state = now;
  };
  // What one library is about does not stay when another one is entered.
  let library;
  const noticeLibrary = () => {
    const now = byId("outcomes")?.dataset.library;
    if (!now || now === library) return;
    if (library !== undefined) document.dispatchEvent(new Event("library-entered"));
    library = now;
  };
  // Who unfolds or folds it while it is drawn anew finds it so.
  document.addEventListener("toggle", ({ target }) => {
    const isOld = drawing && target.matches?.("#libraries details.library") && target.dataset.state === drawing.state;
    if (isOld) drawing.isUnfolded = target.open;
  }, true);
  const unfold = () => {
    const menu = document.querySelector("#libraries details.library");
    if (!drawing || !menu || menu.dataset.state === drawing.state) return;
    if (drawing.isUnfolded) menu.open = true;
    drawing = null;
  };
  const watch = () => {
    const documents = byId("documents");
    const libraries = byId("libraries");
    if (!documents || !libraries) { requestAnimationFrame(watch); return; }
    new MutationObserver(() => { noticeLibrary(); noticeChange(); })
      .observe(documents, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state", "data-library"] });
    new MutationObserver(() => { unfold(); retype(); }).observe(libraries, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state"] });
    noticeLibrary();
    noticeChange();
  };
  watch();
})();
