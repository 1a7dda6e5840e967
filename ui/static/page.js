// What the page does by itself: theme, notices, copying (and intake.js, underway.js, reading.js: the rest).
// Everything else goes to the server as events of the HTML blocks (`BRIDGE` in layout.py).
(() => {
  "use strict";
  const root = document.documentElement;
  const THEME = "tramontane-theme";

  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a strict frame */ } };

  const setTheme = (theme) => {
    root.dataset.theme = theme;
    const apply = () => document.body.classList.toggle("dark", theme === "dark");
    if (document.body) apply(); else document.addEventListener("DOMContentLoaded", apply);
  };
  const preferred = matchMedia("(prefers-color-scheme: dark)");
  const currentTheme = () => recall(THEME) || (preferred.matches ? "dark" : "light");
  setTheme(currentTheme());
  preferred.addEventListener("change", () => setTheme(currentTheme()));

  const gesture = (id, detail) =>
    document.querySelector(`#${id} [id^="html-"]`)?.dispatchEvent(new CustomEvent("gesture", { detail }));

  // Sentences above the page, one under the other, each for as long as it takes to read.
  const said = document.createElement("div");
  said.id = "say";
  said.setAttribute("role", "log");
  said.setAttribute("aria-label", "Notices");
  if (document.body) document.body.append(said); else document.addEventListener("DOMContentLoaded", () => document.body.append(said));
  // They stand in the middle of the conversation, not over the page of a source.
  const centre = () => {
    const { left, width } = document.getElementById("middle").getBoundingClientRect();
    said.style.left = `${left + width / 2}px`;
    said.style.maxWidth = `${Math.min(520, width - 32)}px`;
  };
  const keepCentred = () => {
    const middle = document.getElementById("middle");
    if (!middle) { requestAnimationFrame(keepCentred); return; }
    new ResizeObserver(centre).observe(middle);
    addEventListener("resize", centre);
  };
  keepCentred();
  // One fault is told once, until something is done here: whoever only waits has read it.
  const faults = new Map();  // sentences, and their notes
  for (const kind of ["pointerdown", "keydown", "drop", "change"]) document.addEventListener(kind, () => faults.forEach((note, sentence) => { if (!note.isConnected) faults.delete(sentence); }), true);
  const say = (sentence, tone = "", given = null) => {
    const before = tone === "bad" ? faults.get(sentence) : null;
    if (before && !before.isConnected) return before;
    const note = given ?? before ?? document.createElement("p");
    if (tone === "bad") faults.set(sentence, note);
    if (before) note.className = "bad on";
    note.textContent = sentence;
    if (!note.isConnected) {
      note.className = tone;
      said.append(note);
      while (said.childElementCount > 4) said.firstElementChild.remove();
      requestAnimationFrame(() => note.classList.add("on"));
    }
    clearTimeout(note.leaving);
    note.leaving = setTimeout(() => note.remove(), Math.max(7000, 90 * sentence.length));
    return note;
  };
  // Others say something by an event, whose note they get back, to say something else in it.
  document.addEventListener("say", ({ detail }) => { detail.note = say(detail.sentence, detail.tone, detail.note); });

  // What handlers have to say comes with what they draw, and is said once.
  const told = new Set();
  // What is newer about a document takes the place of what was said of it: a removal, too.
  let removals = new Set();
  const outdate = (about) => { for (const note of said.children) if (about && note.dataset.about === about) note.remove(); };
  const tell = (place) => {
    if (place.id === "documents") {
      const now = new Set([...place.querySelectorAll(".undo [data-id]")].map((control) => control.dataset.id));
      for (const id of now) if (!removals.has(id)) outdate(id);
      removals = now;
    }
    for (const sentence of place.querySelectorAll("[data-said]")) {
      if (told.has(sentence.dataset.said)) continue;
      told.add(sentence.dataset.said);
      const { about = "", tone } = sentence.dataset;
      outdate(about);
      Object.assign(say(sentence.textContent, tone).dataset, { place: place.id, about });
    }
  };
  // Who tries again has read what was amiss: it goes, and is said once more where it is so still.
  document.addEventListener("submit", (event) => {
    const place = event.target.closest("#head, #libraries, #documents")?.id;
    for (const note of said.querySelectorAll(".bad")) if (place && note.dataset.place === place) note.remove();
  }, true);
  const watch = (id) => {
    const place = document.getElementById(id);
    if (!place) { requestAnimationFrame(() => watch(id)); return; }
    new MutationObserver(() => tell(place)).observe(place, { childList: true, subtree: true });
    tell(place);
  };
  for (const id of ["head", "libraries", "documents", "notices"]) watch(id);

  // Gradio has boxes of its own for what goes wrong: theirs stay hidden, ours say it. Once a lost
  // server answers again, it loads the page anew.
  const LOST = "The server does not answer. The page goes on by itself as soon as it does; your question stays in its box.";
  const boxes = document.getElementsByClassName("toast-body");
  let lost = null;
  const readBoxes = () => {
    for (const box of boxes) {
      if (box.dataset.read) continue;
      box.dataset.read = "true";
      document.dispatchEvent(new Event("call-failed"));
      const words = box.querySelector("[data-testid='toast-text']")?.textContent ?? "";
      if (!words.startsWith("Connection to the server was lost")) { say(words || "Something went wrong.", "bad"); continue; }
      if (lost?.isConnected) continue;
      lost = say(LOST, "bad");
      clearTimeout(lost.leaving);
    }
  };
  const watchBoxes = () => new MutationObserver(readBoxes).observe(document.body, { childList: true, subtree: true });
  if (document.body) watchBoxes(); else document.addEventListener("DOMContentLoaded", watchBoxes);

  // What was typed outlives the page that it was typed on.
  const TYPED = "tramontane-typed";
  const box = () => document.querySelector("#question textarea");
  addEventListener("pagehide", () => { try { sessionStorage.setItem(TYPED, box()?.value ?? ""); } catch { /* a strict frame */ } });
  const retype = () => {
    if (!box()) { requestAnimationFrame(retype); return; }
    let typed = "";
    try { typed = sessionStorage.getItem(TYPED) ?? ""; } catch { /* a strict frame */ }
    if (!typed || box().value) return;
    box().value = typed;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  };
  retype();

  // The bar is drawn anew with what a turn or a file cost, and while a server of models does not
  // answer; not under somebody's hands.
  const lookAtModels = () => {
    if (!document.hidden && !document.querySelector("#head :is(:focus, :popover-open)")) gesture("head", { event: "look" });
  };
  setInterval(() => { if (document.querySelector("#head .away")) lookAtModels(); }, 20000);
  document.addEventListener("visibilitychange", lookAtModels);
  document.addEventListener("turn-ended", lookAtModels);
  for (const moment of ["files-ended", "server-started"]) document.addEventListener(moment, lookAtModels);

  // Gradio drops what is asked while the stream of what was stopped still ends: it waits for that.
  const ENDING_MS = 1000;
  let stoppedAt = -Infinity;
  // What was on its way when an answer was stopped may be drawn after it: then it is stopped again.
  let halting = 0;
  const haltAgain = (looks) => {
    halting = setTimeout(() => {
      if (document.querySelector("#thread .turn.running")) document.getElementById("stop")?.click();
      if (looks) haltAgain(looks - 1);
    }, 500);
  };
  const hold = (event, selector) => {
    const left = stoppedAt + ENDING_MS - performance.now();
    if (left <= 0) {
      clearTimeout(halting);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => document.querySelector(selector)?.click(), left);
  };
  document.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("#stop, #send, #thread button[data-event]") : null;
    if (control?.id === "stop") {
      stoppedAt = performance.now();
      if (event.isTrusted) {
        clearTimeout(halting);
        haltAgain(8);
      }
    }
    else if (control?.id === "send") hold(event, "#send");
    else if (control) hold(event, `#thread button[data-event="${control.dataset.event}"]${control.dataset.turn ? `[data-turn="${control.dataset.turn}"]` : ""}`);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.closest?.("#question")) hold(event, "#send");
  }, true);

  document.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("button") : null;
    if (!control) return;
    if (control.id === "theme") {
      const theme = root.dataset.theme === "dark" ? "light" : "dark";
      keep(THEME, theme);
      setTheme(theme);
    } else if (control.dataset.copy !== undefined) {
      navigator.clipboard?.writeText(control.dataset.copy).then(() => {
        control.classList.add("done");
        setTimeout(() => control.classList.remove("done"), 1500);
      }, () => say("The browser does not let this page copy."));
    }
  });
})();
