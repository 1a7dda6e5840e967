// Reading: the conversation as it grows, the citation that is open and its page, and the layers
// that cover the conversation where there is no room beside it.
(() => {
  "use strict";
  const root = document.documentElement;
  const BESIDE = matchMedia("(min-width: 900px)");  // the source stands beside the answer
  const ROOMY = matchMedia("(min-width: 1280px)");  // and the documents too
  const KEY = "tramontane-conversation";
  const chosenLibrary = () => { try { return sessionStorage.getItem("tramontane-library") || ""; } catch { return ""; } };
  const byId = (id) => document.getElementById(id);
  const gesture = (id, detail) =>
    document.querySelector(`#${id} [id^="html-"]`)?.dispatchEvent(new CustomEvent("gesture", { detail }));

  // One of each for the whole page, around what the server draws.
  const scrim = Object.assign(document.createElement("div"), { id: "scrim" });
  const skip = Object.assign(document.createElement("a"), { className: "skip", href: "#question", textContent: "Skip to the question" });
  const live = Object.assign(document.createElement("p"), { id: "announced", className: "sr" });
  live.setAttribute("role", "status");
  const frame = () => { document.body.prepend(skip); document.body.append(scrim, live); };
  if (document.body) frame(); else document.addEventListener("DOMContentLoaded", frame);

  // The open citation or passage: marked in whatever is drawn of the thread, in amber if quoted.
  let opened = null;
  const markOpened = () => {
    for (const chip of document.querySelectorAll('#thread :is(a[href^="#cite-"], [data-opens])')) {
      const on = (chip.dataset.opens ?? chip.getAttribute("href")) === opened;
      if (on !== chip.hasAttribute("aria-current")) {
        if (on) chip.setAttribute("aria-current", "true"); else chip.removeAttribute("aria-current");
      }
    }
  };
  const setOpened = (href) => { opened = href; markOpened(); };
  // Folds: closed as they are drawn, open as long as the reader wants them.
  const unfolded = new Set();
  const markUnfolded = () => {
    for (const fold of document.querySelectorAll("#thread [data-fold]")) {
      const isOpen = unfolded.has(fold.dataset.fold);
      if (fold.hidden === isOpen) fold.hidden = !isOpen;
    }
    for (const control of document.querySelectorAll("#thread [data-unfolds][aria-expanded]")) {
      const isOpen = String(unfolded.has(control.dataset.unfolds));
      if (control.getAttribute("aria-expanded") !== isOpen) control.setAttribute("aria-expanded", isOpen);
    }
  };
  const fold = (name, isOpen) => {
    if (isOpen) unfolded.add(name); else unfolded.delete(name);
    follows = false;
    markUnfolded();
    const control = document.querySelector(`[data-unfolds="${name}"][aria-expanded]`);
    const folded = document.querySelector(`[data-fold="${name}"]`);
    if (!isOpen) { control?.focus({ preventScroll: true }); return; }
    folded.querySelector("input:checked, input")?.focus({ preventScroll: true });
    // As much of it as fits, below the control.
    const thread = byId("thread");
    const view = thread.getBoundingClientRect();
    const below = folded.getBoundingClientRect().bottom + 12 - view.bottom;
    const above = control.getBoundingClientRect().top - 12 - view.top;
    if (below > 0) thread.scrollBy(0, Math.min(below, above));
  };
  const clearSource = () => { setOpened(null); gesture("source", { event: "clear" }); };
  document.addEventListener("library-entered", clearSource);

  // Layers: the documents or the source over the rest. The way back of the browser closes them.
  const PLACES = { drawer: "left", sheet: "right" };
  let layer = null;
  let opener = null;
  let leaving = false;
  const show = (name) => {
    const before = layer;
    if (name === before) return;
    layer = name;
    for (const each of Object.keys(PLACES)) root.toggleAttribute(`data-${each}`, each === name);
    byId("drawer")?.setAttribute("aria-expanded", String(name === "drawer"));
    for (const id of ["left", "middle", "right"]) byId(id).inert = name !== null && PLACES[name] !== id;
    if (name) {
      const place = byId(PLACES[name]);
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
      if (!before && !leaving) history.pushState({ layer: true }, "");
    } else {
      if (before === "sheet") setOpened(null);
      opener?.focus({ preventScroll: true });
      opener = null;
      if (history.state?.layer) { leaving = true; history.back(); }
    }
  };
  addEventListener("popstate", () => {
    if (!leaving) { show(null); return; }
    leaving = false;
    if (layer) history.pushState({ layer: true }, "");
  });
  if (history.state?.layer) history.replaceState(null, "");
  BESIDE.addEventListener("change", () => { if (BESIDE.matches && layer === "sheet") show(null); });
  ROOMY.addEventListener("change", () => { if (ROOMY.matches && layer === "drawer") show(null); });
  const showSource = (control) => {
    opener = layer === "drawer" ? byId("drawer") : control;
    show(BESIDE.matches ? null : "sheet");
  };

  // The size of the page: as the screen suggests, until the reader chooses one.
  const MARKS = ".hl:not(.other), mark:not(.other)";
  const SIZES = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];
  const READABLE_LINE = 14;  // pixels from the top to the bottom of a line's letters
  const LEAST_LINE = 8.5;  // as small print is on a phone
  const READABLE_POINT = 1.3;
  const MARGIN = 12;  // pixels between what is marked and the edge of the view
  let size = 1;
  let chosen = null;
  const marksOf = (page) => [...page.querySelectorAll(MARKS)].flatMap((mark) => [...mark.getClientRects()]);
  // So large that the lines of a quote are easy to read; smaller, if it fits the width then and can be read.
  const readable = (page) => {
    const sheet = page.querySelector(".sheet");
    if (!sheet) return 1;
    const marks = marksOf(page);
    const lines = marks.map((mark) => mark.height / size).sort((a, b) => a - b);
    const line = lines[lines.length >> 1];
    const wanted = lines.length ? READABLE_LINE / line : READABLE_POINT * sheet.dataset.points * size / sheet.getBoundingClientRect().width;
    const across = (Math.max(...marks.map((mark) => mark.right)) - Math.min(...marks.map((mark) => mark.left))) / size;
    const fitting = lines.length ? (page.clientWidth - 2 * MARGIN) / across : wanted;
    const best = fitting < wanted && fitting * line >= LEAST_LINE ? fitting : wanted;
    return Math.min(3, Math.max(1, best));
  };
  const resize = (to) => {
    size = to;
    root.style.setProperty("--zoom", to);
    const fit = document.querySelector('[data-zoom="fit"]');
    if (!fit) return;
    fit.title = to === 1 ? "Readable size" : "Fit the width";
    fit.setAttribute("aria-label", fit.title);
    document.querySelector('[data-zoom="out"]').disabled = to <= SIZES[0];
    document.querySelector('[data-zoom="in"]').disabled = to >= SIZES.at(-1);
  };
  // Where to scroll along one axis for what lies between two places of a view: it is in the middle if
  // it fits; if not, its first line is in view, or the beginning of that, and of the others as much as can be.
  const startOf = (lines, length) => {
    const [first] = lines;
    const begin = Math.min(...lines.map((line) => line.begin));
    const end = Math.max(...lines.map((line) => line.end));
    if (end - begin <= length - 2 * MARGIN) return (begin + end - length) / 2;
    if (first.end - first.begin > length - 2 * MARGIN) return first.begin - MARGIN;
    const [least, most] = [first.end + MARGIN - length, first.begin - MARGIN];
    const seen = (start) => lines.reduce((sum, line) => sum + Math.max(0, Math.min(line.end, start + length) - Math.max(line.begin, start)), 0);
    const starts = [most, ...lines.map((line) => line.begin - MARGIN)].filter((start) => start >= least && start <= most);
    return [least, ...starts.sort((a, b) => a - b)].reduce((best, start) => seen(start) > seen(best) + 1 ? start : best);
  };
  const centre = (page) => {
    // A row of a table that is wider than the page is a view of its own.
    for (const mark of [...page.querySelectorAll(MARKS)].reverse()) {
      const row = mark.closest(".row");
      if (!row || row.scrollWidth <= row.clientWidth) continue;
      const { left, right } = mark.getBoundingClientRect();
      const view = row.getBoundingClientRect().left;
      row.scrollLeft += startOf([{ begin: left, end: right }], row.clientWidth) - view;
    }
    const marks = marksOf(page);
    const boxes = marks.length ? marks : [...page.querySelectorAll(".edge, .in")].map((mark) => mark.getBoundingClientRect());
    if (!boxes.length) { page.scrollTo(0, 0); return; }
    const view = page.getBoundingClientRect();
    page.scrollBy(
      startOf(boxes.map((box) => ({ begin: box.left, end: box.right })), page.clientWidth) - view.left,
      startOf(boxes.map((box) => ({ begin: box.top, end: box.bottom })), page.clientHeight) - view.top,
    );
  };
  const placePage = () => {
    offerPage();
    const page = document.querySelector("#source .pg");
    if (!page) return;
    resize(chosen ?? (BESIDE.matches ? 1 : readable(page)));
    centre(page);
    document.querySelector("#source .qq[aria-current]")?.scrollIntoView({ block: "nearest" });
  };
  const zoom = (way) => {
    const page = document.querySelector("#source .pg");
    const middle = [(page.scrollLeft + page.clientWidth / 2) / page.scrollWidth, (page.scrollTop + page.clientHeight / 2) / page.scrollHeight];
    if (way === "fit") chosen = size === 1 ? Math.max(1.5, readable(page)) : 1;
    else chosen = way === "in" ? SIZES.find((each) => each > size + .01) ?? size : SIZES.findLast((each) => each < size - .01) ?? size;
    resize(chosen);
    page.scrollTo(middle[0] * page.scrollWidth - page.clientWidth / 2, middle[1] * page.scrollHeight - page.clientHeight / 2);
  };
  addEventListener("resize", () => requestAnimationFrame(placePage));

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target === scrim) { show(null); return; }
    const control = target?.closest("button, a");
    if (!control) return;
    if (control === skip) {
      event.preventDefault();
      document.querySelector("#question textarea")?.focus();
    } else if (control.id === "drawer") {
      opener = control;
      show(layer === "drawer" ? null : "drawer");
    } else if (control.dataset.close === "source") show(null);
    else if (control.dataset.zoom) zoom(control.dataset.zoom);
    else if (control.matches('a[href^="#cite-"]')) {
      setOpened(control.getAttribute("href"));
      showSource(control);
    } else if (control.dataset.event === "cite") {
      setOpened(`#cite-${control.dataset.turn}-${control.dataset.index}`);
    } else if (["nearest", "passage", "show", "report", "checkup"].includes(control.dataset.event)) {
      setOpened(control.dataset.opens ?? null);
      showSource(control);
    } else if (control.dataset.unfolds) fold(control.dataset.unfolds, !unfolded.has(control.dataset.unfolds));
    else if (control.dataset.event === "check") {
      control.disabled = true;
      control.querySelector("span").textContent = "Checking…";
    } else if (["typed", "anyway", "alone", "again"].includes(control.dataset.event)) answersAnew = true;
    else if (control.dataset.event === "fresh") {
      unfolded.clear();
      setOpened(null);
      show(null);
      document.querySelector("#question textarea")?.focus();
    }
  });
  // A citation is a place of this page: it opens nothing in another tab.
  document.addEventListener("auxclick", (event) => { if (event.target.closest?.("a.cite")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (layer) { show(null); return; }
    const asking = [...document.querySelectorAll("#thread .mark[data-fold]:not([hidden])")];
    const form = asking.find((each) => each.contains(document.activeElement)) ?? asking.at(-1);
    if (form) fold(form.dataset.fold, false);
  });
  let pulled = null;
  document.addEventListener("touchstart", (event) => {
    pulled = layer === "sheet" && event.target.closest?.("#right") && !event.target.closest(".pg, .qs") ? event.touches[0].clientY : null;
  }, { passive: true });
  document.addEventListener("touchend", (event) => {
    if (pulled !== null && event.changedTouches[0].clientY - pulled > 60) show(null);
    pulled = null;
  });

  // What an ended turn leaves on the right: its first quote, the nearest page, or nothing.
  const showSourceOf = (turn) => {
    const chip = turn.classList.contains("done") && turn.querySelector("a.cite");
    const near = turn.querySelector(".near");
    if (!BESIDE.matches || !(chip || near)) { clearSource(); return; }
    if (chip) {
      setOpened(chip.getAttribute("href"));
      const [, number, index] = opened.split("-");
      gesture("source", { event: "cite", turn: number, index });
    } else {
      setOpened(near.dataset.opens);
      gesture("source", { event: "nearest", turn: near.dataset.turn, index: near.dataset.index });
    }
  };
  const announce = (turn) => {
    const answer = turn.querySelector(".a")?.cloneNode(true);
    for (const chip of answer?.querySelectorAll(".cite") ?? []) chip.remove();
    const words = `${turn.querySelector("p.alone")?.textContent ?? ""} ${turn.querySelector(".thin")?.textContent ?? ""} ${answer?.textContent ?? ""} ${turn.querySelector(".unsearched")?.textContent ?? ""}`.replace(/\s+/g, " ").trim();
    live.textContent = turn.classList.contains("done") ? words.slice(0, 1500) : turn.querySelector(".note, .held")?.textContent ?? "";
  };

  // A marked answer offers the page that is shown as the right one.
  const offerPage = () => {
    const here = document.querySelector("#source .here");
    for (const button of document.querySelectorAll('#thread [data-event="answers"]')) {
      const words = here ? `${here.dataset.place} answers it` : "Open its page first";
      if (button.textContent !== words) button.textContent = button.title = words;
      button.disabled = !here;
      if (here) Object.assign(button.dataset, { id: here.dataset.id, page: here.dataset.page });
    }
  };
  // An answer that was marked as wrong, or no longer is: said, and the focus goes to the way back.
  let marked = new Map();
  const noticeMarks = (thread) => {
    offerPage();
    const now = new Map([...thread.querySelectorAll(".turn.marked")].map((turn) => [turn.dataset.turn, turn.matches(".located")]));
    const changed = [...now.keys(), ...marked.keys()].find((turn) => now.get(turn) !== marked.get(turn));
    const wasKnown = restored && turns > 0;
    marked = now;
    if (changed === undefined || !wasKnown) return;
    for (const name of ["wrong", "right"]) unfolded.delete(`${name}-${changed}`);
    if (now.get(changed) === false) unfolded.add(`right-${changed}`);
    markUnfolded();
    const turn = thread.querySelector(`.turn[data-turn="${changed}"]`);
    if (!turn) return;
    turn.querySelector(".mark:not([hidden])")?.scrollIntoView({ block: "nearest" });
    live.textContent = turn.querySelector("p.marked span")?.textContent ?? "No longer marked.";
    if (document.activeElement === document.body) turn.querySelector("p.marked button, button.wrong")?.focus({ preventScroll: true });
  };

  // A tab that is loaded again finds its conversation under a random key of its own.
  const key = () => {
    try {
      const kept = sessionStorage.getItem(KEY);
      if (kept) return kept;
      const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      sessionStorage.setItem(KEY, made);
      return made;
    } catch { return ""; }
  };

  // Whoever had the last question answered anew stays with it: what they pressed is drawn anew too.
  let answersAnew = false;
  const keepFocus = (turn, hasEnded) => {
    if (!answersAnew) return;
    answersAnew = !hasEnded;
    if (document.activeElement !== document.body) return;
    turn.tabIndex = -1;
    turn.focus({ preventScroll: true });
  };

  // Follow the answer while it is written, unless the reader has scrolled away from its end.
  let follows = true;
  let finished = null;
  let restored = false;
  let turns = 0;
  let asked = false;
  const noticeAsking = (event) => {
    if (event.target.closest?.('#send, [data-event="example"], [data-event="anyway"], [data-event="alone"]') || (event.key === "Enter" && event.target.closest?.("#question"))) asked = true;
  };
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, noticeAsking, true);
  const readThread = (thread) => {
    const articles = thread.querySelectorAll("article.turn");
    if (!restored && byId("welcome").querySelector(".invitation")) {
      restored = true;
      gesture("thread", { event: "restore", key: key(), library: chosenLibrary() });
    }
    const isNew = articles.length > turns;
    if (isNew) {
      follows = true;
      for (const name of [...unfolded]) if (name.startsWith("right-")) unfolded.delete(name);
    }
    turns = articles.length;
    if (follows && turns) thread.scrollTop = thread.scrollHeight;
    markOpened();
    markUnfolded();
    noticeMarks(thread);
    const last = articles[turns - 1];
    const state = last ? `${last.dataset.turn} ${last.className}` : null;
    // An answer may be whole as it appears; what is restored was not asked here.
    const hasEnded = last && !last.classList.contains("running") && (finished?.includes("running") || (isNew && asked));
    if (hasEnded) asked = false;
    if (last) keepFocus(last, hasEnded);
    if (state === finished) return;
    finished = state;
    if (!hasEnded) return;
    showSourceOf(last);
    announce(last);
    document.dispatchEvent(new CustomEvent("turn-ended", { detail: { failed: last.classList.contains("failed") } }));
  };
  const watch = () => {
    const thread = byId("thread");
    const source = byId("source");
    if (!thread || !source || !byId("welcome")) { requestAnimationFrame(watch); return; }
    thread.addEventListener("scroll", () => {
      follows = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
    }, { passive: true });
    new MutationObserver(() => readThread(thread))
      .observe(thread, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["class", "hidden", "aria-expanded"] });
    new MutationObserver(() => { if (!restored) readThread(thread); })
      .observe(byId("welcome"), { childList: true, subtree: true });
    new MutationObserver(placePage)
      .observe(source, { childList: true, subtree: true, attributes: true, attributeFilter: ["style", "src", "class"] });
    readThread(thread);
  };
  watch();
})();
