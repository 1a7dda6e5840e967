// What the page does by itself: theme, notices, uploads, copying (and reading.js: the rest).
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
  const say = (sentence, tone = "", note = document.createElement("p")) => {
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

  // Uploads: one request a file, its bytes as they are. Until the server has a file, its row is
  // ours: waiting, being sent, or with the reason why it was not taken in.
  const unsent = new Map();
  const mine = new Map();  // the jobs whose outcome is told here, and with which others
  const together = (files) => ({ files, added: 0, note: undefined });
  const drawUnsent = () => {
    const list = document.getElementById("unsent");
    if (!list) return;
    for (const row of list.querySelectorAll("li")) if (!unsent.has(row.dataset.key)) row.remove();
    for (const [key, file] of unsent) {
      let row = list.querySelector(`[data-key="${key}"]`);
      if (row?.dataset.reason === file.reason && row.dataset.state === file.state) continue;
      const drawn = document.createElement("li");
      drawn.className = file.reason ? "doc job unread" : "doc job";
      Object.assign(drawn.dataset, { key, reason: file.reason, state: file.state });
      drawn.innerHTML = '<span class="ico" aria-hidden="true"></span><span class="t"></span><span class="s"></span>';
      drawn.querySelector(".ico").textContent = (file.name.split(".").slice(1).pop() || "TXT").toUpperCase().slice(0, 4);
      drawn.querySelector(".t").textContent = drawn.querySelector(".t").title = file.name;
      drawn.querySelector(".s").textContent = file.state;
      if (file.reason) {
        drawn.querySelector(".s").innerHTML = '<span class="st b">not added</span>';
        drawn.insertAdjacentHTML("beforeend", '<p class="why"></p>' +
          (file.again ? '<button type="button" class="redo" data-unsent="again">Try again</button>' : "") +
          '<button type="button" class="x" data-unsent="dismiss"><svg width="15" height="15" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg></button>');
        drawn.querySelector(".why").textContent = file.reason;
        drawn.querySelector(".x").setAttribute("aria-label", `Dismiss ${file.name}`);
      }
      if (row) row.replaceWith(drawn); else list.append(drawn);
    }
  };
  const refuse = (file, reason, again) => {
    Object.assign(file, { reason, again, state: "" });
    drawUnsent();
    say(reason, "bad");
  };
  const excess = (file) => {
    const most = Number(document.getElementById("files")?.dataset.maxMb || Infinity);
    if (file.size <= most * 1e6) return "";
    const size = (Math.ceil(file.size / 1e5) / 10).toLocaleString("en");
    return `${file.name} has ${size} MB; ${most.toLocaleString("en")} MB are taken in at most. Split it, or raise TRAMONTANE_MAX_FILE_MB.`;
  };
  const sendOne = async (key) => {
    const file = unsent.get(key);
    if (!file) return;
    Object.assign(file, { state: "sending", reason: "" });
    drawUnsent();
    try {
      const answer = await fetch(`documents?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file.content });
      if (!answer.ok) return refuse(file, (await answer.text()) || `${file.name} could not be sent.`, answer.status >= 500);
      mine.set(String((await answer.json()).job), file.batch);
      unsent.delete(key);
      tellOutcomes();
    } catch {
      refuse(file, `${file.name} could not be sent. Is the server still running, and the file still there?`, true);
    }
    gesture("documents", { event: "added" });
  };
  let sending = Promise.resolve();
  const send = (files) => {
    const batch = together(files.length);
    for (const content of [...files]) {
      const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
      const file = { name: content.name, content, batch, state: "waiting", reason: "", again: false };
      unsent.set(key, file);
      const reason = excess(content);
      if (reason) refuse(file, reason, false);
      else sending = sending.then(() => sendOne(key));
    }
    drawUnsent();
    document.getElementById("left")?.scrollTo({ top: 0 });
  };

  // What became of the files that were added here: said once, and their rows lit for a while. Of
  // files that were added together one notice counts those that are in the library.
  const fresh = new Map();
  const tellAdded = (batch, sentence) => {
    batch.added += 1;
    const all = batch.added === batch.files ? batch.added.toLocaleString("en") : `${batch.added.toLocaleString("en")} of ${batch.files.toLocaleString("en")}`;
    batch.note = say(batch.added === 1 ? sentence : `${all} documents were added.`, "", batch.note);
  };
  const tellOutcomes = () => {
    for (const outcome of document.querySelectorAll("#outcomes i")) {
      const batch = mine.get(outcome.dataset.job);
      if (!mine.delete(outcome.dataset.job)) continue;
      if (outcome.dataset.added === undefined) say(outcome.textContent, outcome.dataset.tone);
      else tellAdded(batch, outcome.textContent);
      if (outcome.dataset.document) fresh.set(outcome.dataset.document, false);
    }
    for (const [id, seen] of fresh) {
      const row = document.querySelector(`.doc[data-id="${CSS.escape(id)}"]`);
      row?.classList.add("fresh");
      if (!row || seen) continue;
      fresh.set(id, true);
      row.scrollIntoView({ block: "nearest" });
      setTimeout(() => {
        fresh.delete(id);
        document.querySelector(`.doc[data-id="${CSS.escape(id)}"]`)?.classList.remove("fresh");
      }, 6000);
    }
  };

  // Documents come from other tabs and from the command line too: look from time to time, and
  // at the models' server while it does not answer.
  let looking = false;
  const look = async () => {
    const shown = document.getElementById("outcomes");
    if (looking || document.hidden || !shown) return;
    looking = true;
    try {
      const answer = await fetch("documents");
      if (answer.ok && (await answer.json()).state !== shown.dataset.state) gesture("documents", { event: "added" });
    } catch { /* the server is gone; whatever is asked next says so */ }
    looking = false;
  };
  const lookAtModels = () => { if (!document.hidden) gesture("head", { event: "look" }); };
  setInterval(look, 5000);
  setInterval(() => { if (document.querySelector("#head .away")) lookAtModels(); }, 20000);
  document.addEventListener("visibilitychange", () => { look(); lookAtModels(); });
  addEventListener("focus", look);

  document.addEventListener("change", (event) => {
    if (event.target.id !== "files") return;
    send(event.target.files);
    event.target.value = "";
  });
  const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  let depth = 0;
  document.addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) { depth += 1; root.dataset.dropping = ""; }
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFiles(event) && (depth -= 1) <= 0) { depth = 0; delete root.dataset.dropping; }
  });
  document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    delete root.dataset.dropping;
    send(event.dataTransfer.files);
  });

  // When a document's row goes, the focus goes to what takes its place.
  const focusAfter = (id) => {
    const list = document.getElementById("documents");
    const rows = () => [...list.querySelectorAll(".doc[data-id]")];
    const index = rows().findIndex((row) => row.dataset.id === id);
    const leaving = new MutationObserver(() => {
      const left = rows();
      if (left.some((row) => row.dataset.id === id)) return;
      leaving.disconnect();
      const focused = document.activeElement;
      if (focused && focused !== document.body && !list.contains(focused)) return;
      (left[Math.min(index, left.length - 1)]?.querySelector(".t") || document.getElementById("files"))?.focus();
    });
    leaving.observe(list, { childList: true, subtree: true });
  };

  // A question before something is removed.
  const confirmRemoval = (control) => {
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    dialog.innerHTML = '<form method="dialog"><h2></h2><p></p><div><button value="no">Keep</button>' +
      '<button value="yes" class="danger">Remove</button></div></form>';
    dialog.querySelector("h2").textContent = `Remove “${control.dataset.name}”?`;
    dialog.querySelector("p").textContent = "Its pages leave every answer at once. The file itself stays where you took it from.";
    const id = control.dataset.id;
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") {
        focusAfter(id);
        gesture("documents", { event: "remove", id });
      }
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const control = target.closest("button, a, select, label");
    if (!control) return;
    if (control.id === "theme") {
      const theme = root.dataset.theme === "dark" ? "light" : "dark";
      keep(THEME, theme);
      setTheme(theme);
    }
    else if (control.dataset.confirm === "remove") confirmRemoval(control);
    else if (control.dataset.unsent) {
      const key = control.closest("li").dataset.key;
      if (control.dataset.unsent === "again") sending = sending.then(() => sendOne(key));
      else { unsent.delete(key); drawUnsent(); }
    } else if (control.dataset.event === "retry") {
      document.querySelector(`#outcomes [data-job="${control.dataset.id}"]`)?.remove();
      mine.set(control.dataset.id, together(1));
    }
    else if (control.dataset.copy !== undefined) {
      navigator.clipboard?.writeText(control.dataset.copy).then(() => {
        control.classList.add("done");
        setTimeout(() => control.classList.remove("done"), 1500);
      }, () => say("The browser does not let this page copy."));
    }
  });
  document.addEventListener("turn-ended", (event) => {
    look();
    if (event.detail.failed || document.querySelector("#head .away")) lookAtModels();
  });
  const watch = () => {
    const documents = document.getElementById("documents");
    if (!documents) { requestAnimationFrame(watch); return; }
    new MutationObserver(() => { drawUnsent(); tellOutcomes(); })
      .observe(documents, { childList: true, subtree: true });
  };
  watch();
})();
