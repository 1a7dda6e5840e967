// Files on their way in: sending what was chosen or dropped, and telling what became of it.
(() => {
  "use strict";
  const root = document.documentElement;
  const BATCH = "tramontane-batch-";
  const ROWS = 4;  // of files that are still to be sent
  const KEPT = 22;  // characters at the end of a name that are shown whatever the width
  const MANY = 200;  // files, from which on it is asked whether they are meant
  const KINDS = ["read", "as a new version", "partly", "by words only", "already there", "needing OCR", "needing a password", "without text", "failed", "not sent", "cancelled"];
  const NOTABLE = new Set(["as a new version", "partly", "needing OCR", "needing a password", "without text", "failed", "not sent"]);  // shown at once
  const CROSS = '<svg width="15" height="15" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg>';
  const byId = (id) => document.getElementById(id);
  const number = (count) => count.toLocaleString("en");
  const gesture = (detail) =>
    document.querySelector('#documents [id^="html-"]')?.dispatchEvent(new CustomEvent("gesture", { detail }));
  const say = (sentence, tone, note) => {
    const detail = { sentence, tone, note };
    document.dispatchEvent(new CustomEvent("say", { detail }));
    return detail.note;
  };

  // Uploads: one request a file, its bytes as they are. Until the server has a file, its row is
  // ours: waiting, being sent, or with the reason why it was not taken in.
  const unsent = new Map();
  const mine = new Map();  // the jobs whose outcome is told here, and with which others
  const libraryOf = (list) => list?.dataset.state.split("-")[0];  // another one has other numbers
  const together = (files) => ({ id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), library: libraryOf(byId("outcomes")), files, left: files, jobs: {}, refused: {}, isTold: false });
  const isOfThis = (file) => file.batch.library === libraryOf(byId("outcomes"));  // of the library that is shown
  const causeOf = ({ name, reason }) => reason.startsWith(`${name} was not taken in. `) ? reason.slice(`${name} was not taken in. `.length) : reason;
  const rowOf = (key, file, why) => {
    const row = document.createElement("li");
    row.className = file.reason ? "doc job unread" : "doc job";
    Object.assign(row.dataset, { key, reason: file.reason, state: file.state, why });
    row.innerHTML = '<span class="ico" aria-hidden="true"></span><span class="t"></span><span class="s"></span>';
    row.querySelector(".ico").textContent = (file.name.split(".").slice(1).pop() || "TXT").toUpperCase().slice(0, 4);
    const name = Object.assign(row.querySelector(".t"), { title: file.name, textContent: file.name });
    if (file.name.length > KEPT) {  // cut in the middle where there is no room
      name.innerHTML = '<span class="head"></span><span></span>';
      name.firstChild.textContent = file.name.slice(0, -KEPT);
      name.lastChild.textContent = file.name.slice(-KEPT);
    }
    row.querySelector(".s").textContent = file.state;
    if (!file.reason) return row;
    row.querySelector(".s").innerHTML = '<span class="st b">not added</span>';
    row.insertAdjacentHTML("beforeend", (why ? '<p class="why"></p>' : "") +
      (file.again ? '<button type="button" class="redo" data-unsent="again">Try again</button>' : "") +
      `<button type="button" class="x" data-unsent="dismiss">${CROSS}</button>`);
    if (why) row.querySelector(".why").textContent = why;
    row.querySelector(".x").setAttribute("aria-label", `Dismiss ${file.name}`);
    return row;
  };
  const tellSending = () => {
    const own = [...unsent.values()].filter(isOfThis);
    const refused = own.filter((file) => file.reason).length;
    const detail = { pending: own.length - refused, refused, jobs: [...mine.keys()].map(Number) };
    document.dispatchEvent(new CustomEvent("sending", { detail }));
  };
  const drawUnsent = () => {
    tellSending();
    const list = byId("unsent");
    if (!list) return;
    const own = [...unsent].filter(([, file]) => isOfThis(file));
    const pending = own.filter(([, file]) => !file.reason).map(([key]) => key);
    const folded = new Set(pending.length > ROWS + 1 ? pending.slice(ROWS) : []);
    const shown = own.filter(([key]) => !folded.has(key));
    const keys = new Set(shown.map(([key]) => key));
    for (const row of list.querySelectorAll(".doc")) if (!keys.has(row.dataset.key)) row.remove();
    const told = new Set();  // causes: the first row that has one tells it for all
    for (const [key, file] of shown) {
      const row = list.querySelector(`[data-key="${key}"]`);
      const why = told.has(causeOf(file)) ? "" : causeOf(file);
      told.add(causeOf(file));
      if (row?.dataset.reason === file.reason && row.dataset.state === file.state && row.dataset.why === why) continue;
      if (row) row.replaceWith(rowOf(key, file, why)); else list.insertBefore(rowOf(key, file, why), list.querySelector(".nothing"));
    }
    const rest = list.querySelector(".nothing");
    const words = `and ${number(folded.size)} more to send`;
    if (!folded.size) rest?.remove();
    else if (!rest) list.append(Object.assign(document.createElement("li"), { className: "nothing", textContent: words }));
    else if (rest.textContent !== words) rest.textContent = words;
  };
  // Files that are refused for one reason are told of in one notice.
  const refusals = new Map();
  const tellRefusal = (file, reason) => {
    const cause = causeOf(file);
    const before = refusals.get(cause);
    const files = before?.note.isConnected ? before.files.add(file.content) : new Set([file.content]);
    const sentence = files.size > 1 ? `${number(files.size)} files were not taken in. ${cause}` : reason;
    refusals.set(cause, { files, note: say(sentence, "bad", before?.note.isConnected ? before.note : null) });
  };
  const refuse = (key, reason, again) => {
    const file = unsent.get(key);
    Object.assign(file, { reason, again, state: "" });
    file.batch.refused[key] = reason;
    drawUnsent();
    tellRefusal(file, reason);
  };
  const excess = (file) => {
    const most = Number(byId("files")?.dataset.maxMb || Infinity);
    if (file.size <= most * 1e6) return "";
    const size = (Math.ceil(file.size / 1e5) / 10).toLocaleString("en");
    return `${file.name} has ${size} MB; ${number(most)} MB are taken in at most. Split it, or raise TRAMONTANE_MAX_FILE_MB.`;
  };
  const upload = async (key) => {
    const file = unsent.get(key);
    Object.assign(file, { state: "sending", reason: "" });
    delete file.batch.refused[key];
    drawUnsent();
    try {
      const answer = await fetch(`documents?name=${encodeURIComponent(file.name)}&place=${encodeURIComponent(file.place)}&library=${encodeURIComponent(file.batch.library || "")}`, { method: "POST", body: file.content });
      if (!answer.ok) { refuse(key, (await answer.text()) || `${file.name} could not be sent.`, answer.status >= 500); return; }
      const job = String((await answer.json()).job);
      mine.set(job, file.batch);
      file.batch.jobs[job] = null;
      unsent.delete(key);
      tellSending();
    } catch {
      refuse(key, `${file.name} could not be sent. Is the server still running, and the file still there?`, true);
    }
  };
  let sending = Promise.resolve();
  const sendLater = (key) => {
    sending = sending.then(async () => {
      const batch = unsent.get(key)?.batch;
      if (!batch) return;
      await upload(key);
      batch.left -= 1;
      keep(batch);
      tellOutcomes();
      gesture({ event: "added" });
    });
  };
  // What turns the direction of writing, or is not seen, is no part of a name that is shown.
  const UNSEEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
  // Files of one name that are added together are no versions of each other, so each has a place of
  // its own. Names count as one that the server may show alike: it cuts them, and joins white space.
  const SHOWN_ALIKE = 150;
  const placesOf = (files, batch) => {
    const keys = files.map((file) => {
      const name = file.name.replace(UNSEEN, "").split(/[\\/]/).pop().replace(/[\p{Z}\p{C}]+/gu, " ").trim();
      return JSON.stringify([name.slice(0, SHOWN_ALIKE), places.get(file) || ""]);
    });
    const count = new Map();
    for (const key of keys) count.set(key, (count.get(key) || 0) + 1);
    return files.map((file, at) => count.get(keys[at]) > 1 ? `dropped:${batch.id}.${at}` : places.get(file) || "");
  };
  const send = (files) => {
    if (!files.length) return;
    const batch = together(files.length);
    const placed = placesOf(files, batch);
    batches.push(batch);
    for (const [at, content] of files.entries()) {
      const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
      unsent.set(key, { name: content.name.replace(UNSEEN, ""), content, batch, place: placed[at], state: "waiting", reason: "", again: false });
      const reason = excess(content);
      if (reason) { refuse(key, reason, false); batch.left -= 1; } else sendLater(key);
    }
    keep(batch);
    drawUnsent();
    byId("left")?.scrollTo({ top: 0 });
  };
  // What has not been sent is lost with the page.
  addEventListener("beforeunload", (event) => {
    if ([...unsent.values()].some((file) => !file.reason)) event.preventDefault();
  });

  // Files that were added together are summed up at their end, until that is dismissed: in this
  // browser, so that it is there for whoever closed the page meanwhile.
  const recall = () => {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(BATCH))
        .map((key) => ({ left: 0, refused: {}, ...JSON.parse(localStorage.getItem(key)), id: key.slice(BATCH.length) }));
    } catch { return []; }
  };
  const keep = (batch) => {
    if (batch.left || batch.files + Object.keys(batch.jobs).length < 3) return;
    const { library, files, jobs, refused } = batch;
    try { localStorage.setItem(BATCH + batch.id, JSON.stringify({ library, files, jobs, refused })); } catch { /* full, or a strict frame */ }
  };
  const batches = recall();
  const forget = (batch) => {
    batches.splice(batches.indexOf(batch), 1);
    try { localStorage.removeItem(BATCH + batch.id); } catch { /* a strict frame */ }
  };
  // How the files of a batch ended, with those that came in others of it; null while some go on.
  // What was never taken out of archive 7 is numbered 7.1 and so on.
  const endsOf = (batch, list) => {
    const ended = new Map([...list.querySelectorAll("i")].map((each) => [each.dataset.job, each]));
    const going = new Map((list.dataset.going || "").split(" ").filter(Boolean).map((each) => each.split(":")));
    const parents = [...going, ...[...ended].map(([job, each]) => [job, each.dataset.parent])];
    let changed = false;
    for (const [job, parent] of parents.sort(([one], [other]) => one - other)) {
      if (!(job in batch.jobs) && !(parent in batch.jobs)) continue;
      const outcome = ended.get(job);
      const end = outcome ? [outcome.dataset.kind, outcome.textContent] : null;
      if (String(end) === String(batch.jobs[job] ?? null) && job in batch.jobs) continue;
      batch.jobs[job] = end;
      changed = true;
    }
    if (changed) keep(batch);
    const open = Object.keys(batch.jobs).some((job) => going.has(job) || Math.floor(Number(job)) > Number(list.dataset.newest));
    if (batch.left || open) return null;
    const ends = Object.values(batch.jobs).filter((end) => end?.[0]);
    return [...ends, ...Object.values(batch.refused).map((reason) => ["failed", reason])];
  };
  const summed = (ends) => {
    if (ends.every((end) => end[0] === "read")) return `${number(ends.length)} files read`;
    const counts = KINDS.map((kind) => [ends.filter((end) => end[0] === kind).length, kind]);
    return `${number(ends.length)} files: ${counts.filter(([count]) => count).map(([count, kind]) => `${number(count)} ${kind}`).join(", ")}`;
  };
  const cards = document.createElement("div");
  cards.id = "batches";
  const unfold = (card, isOpen) => {
    card.toggleAttribute("data-open", isOpen);
    const control = card.querySelector(".more");
    if (!control) return;
    control.setAttribute("aria-expanded", String(isOpen));
    control.querySelector("span").textContent = isOpen ? "Show less" : "Show each";
  };
  const drawCard = (batch, ends) => {
    const card = cards.querySelector(`[data-batch="${batch.id}"]`);
    const sentence = ends && ends.length > 1 ? summed(ends) : "";
    if (!sentence) { card?.remove(); return; }
    if (card?.dataset.sum === sentence) return;
    const drawn = document.createElement("section");
    Object.assign(drawn.dataset, { batch: batch.id, sum: sentence });
    drawn.className = "batch";
    drawn.setAttribute("aria-label", sentence);
    drawn.innerHTML = `<h2></h2><button type="button" class="x" data-batch-does="dismiss" aria-label="Dismiss what became of the files">${CROSS}</button>` +
      '<ul></ul><button type="button" class="more" data-batch-does="all" aria-expanded="false"><span></span></button>';
    drawn.querySelector("h2").textContent = sentence;
    const sorted = [...ends].sort((one, other) => NOTABLE.has(other[0]) - NOTABLE.has(one[0]));
    for (const [kind, words] of sorted) {
      const line = Object.assign(document.createElement("li"), { textContent: words, className: NOTABLE.has(kind) ? kind : "well" });
      drawn.querySelector("ul").append(line);
    }
    drawn.querySelector(".more span").textContent = "Show each";
    if (!drawn.querySelector("li.well")) drawn.querySelector(".more").remove();
    if (card?.hasAttribute("data-open")) unfold(drawn, true);
    if (card) card.replaceWith(drawn); else cards.append(drawn);
  };
  const drawCards = () => {
    const list = byId("outcomes");
    if (!list) return;
    if (!cards.isConnected) byId("left")?.prepend(cards);
    for (const batch of batches.filter((each) => each.library === libraryOf(list))) {
      const ends = endsOf(batch, list);
      drawCard(batch, ends);
      if (!ends || batch.isTold !== false) continue;
      batch.isTold = true;
      if (ends.length > 1) say(summed(ends));
    }
    const isHere = (card) => batches.some((batch) => batch.id === card.dataset.batch && batch.library === libraryOf(list));
    for (const card of [...cards.children]) if (!isHere(card)) card.remove();
  };
  addEventListener("storage", (event) => {
    const id = event.newValue === null && event.key?.startsWith(BATCH) ? event.key.slice(BATCH.length) : "";
    const gone = batches.find((batch) => batch.id === id);
    if (gone) { batches.splice(batches.indexOf(gone), 1); drawCards(); }
  });

  // What became of the files that were added here: said once, and their rows lit for a while. Of
  // files that were added together their card tells each, and one notice counts them.
  const fresh = new Map();  // and whether they need not be scrolled to
  const lit = new Set();
  const tellOutcomes = () => {
    for (const outcome of document.querySelectorAll("#outcomes i")) {
      const batch = mine.get(outcome.dataset.job);
      if (!mine.delete(outcome.dataset.job)) continue;
      if (batch.files === 1) say(outcome.textContent, outcome.dataset.tone);
      if (outcome.dataset.document && batch.files <= ROWS) fresh.set(outcome.dataset.document, batch.files > 1);
    }
    for (const [id, seen] of fresh) {
      const row = document.querySelector(`.doc[data-id="${CSS.escape(id)}"]`);
      row?.classList.add("fresh");
      if (!row || lit.has(id)) continue;
      lit.add(id);
      if (!seen) row.scrollIntoView({ block: "nearest" });
      setTimeout(() => {
        fresh.delete(id);
        lit.delete(id);
        document.querySelector(`.doc[data-id="${CSS.escape(id)}"]`)?.classList.remove("fresh");
      }, 6000);
    }
    drawCards();
  };

  document.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("button") : null;
    if (!control) return;
    if (control.dataset.unsent) {
      const key = control.closest("li").dataset.key;
      const file = unsent.get(key);
      if (control.dataset.unsent === "again") { file.batch.left += 1; sendLater(key); }
      else { unsent.delete(key); drawUnsent(); }
    } else if (control.dataset.event === "retry") {
      document.querySelector(`#outcomes [data-job="${control.dataset.id}"]`)?.remove();
      mine.set(control.dataset.id, together(1));
    } else if (control.dataset.batchDoes) {
      const card = control.closest(".batch");
      if (control.dataset.batchDoes === "all") {
        unfold(card, !card.hasAttribute("data-open"));
        card.querySelector(card.hasAttribute("data-open") ? "li.well" : "h2").scrollIntoView({ block: "nearest" });
      } else {
        forget(batches.find((batch) => batch.id === card.dataset.batch));
        card.remove();
        byId("files")?.focus({ preventScroll: true });
      }
    }
  });

  // Choosing and dropping, folders too.
  document.addEventListener("change", (event) => {
    if (event.target.id !== "files") return;
    send([...event.target.files]);
    event.target.value = "";
  });
  const places = new WeakMap();  // where in a folder a file lies: files of one name are told apart
  const filesIn = async (entry, folder = "") => {
    const place = `${folder}/${entry.name}`;
    if (entry.name.startsWith(".")) return [];
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      places.set(file, `dropped:${place}`);
      return [file];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {  // a folder is told in parts
      const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!part.length) return found;
      for (const each of part) found.push(...await filesIn(each, place));
    }
  };
  const sendFolders = async (entries) => {
    try {
      const files = (await Promise.all(entries.map((entry) => filesIn(entry)))).flat();
      if (!files.length) { say("There are no files in it."); return; }
      if (files.length > MANY) {
        const detail = { title: `Add ${number(files.length)} files?`, text: "All files of the folder and of the folders in it are taken in.", no: "Leave it", yes: "Add them", act: () => send(files) };
        document.dispatchEvent(new CustomEvent("ask", { detail }));
      } else send(files);
    } catch { say("The folder could not be read. Drop it again, or choose its files.", "bad"); }
  };
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
    const entries = [...event.dataTransfer.items ?? []].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.some((entry) => entry.isDirectory)) sendFolders(entries);
    else send([...event.dataTransfer.files]);
  });

  const watch = () => {
    const documents = byId("documents");
    if (!documents) { requestAnimationFrame(watch); return; }
    new MutationObserver(() => { drawUnsent(); tellOutcomes(); })
      .observe(documents, { childList: true, subtree: true });
  };
  watch();
})();
