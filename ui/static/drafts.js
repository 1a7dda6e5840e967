// Checking a draft: which place is shown, the text and its file, and what a mark says.
(() => {
  "use strict";
  const root = document.documentElement;
  const BESIDE = matchMedia("(min-width: 900px)");
  const POINTS = matchMedia("(hover: hover)");
  const TEXT = "tramontane-draft";
  const byId = (id) => document.getElementById(id);
  const gesture = (detail) =>
    document.querySelector('#report [id^="html-"]')?.dispatchEvent(new CustomEvent("gesture", { detail }));

  // Two places in the middle: the conversation, and the draft.
  const place = () => root.dataset.place ?? "ask";
  const go = (name) => {
    if (name === "draft") root.dataset.place = "draft"; else delete root.dataset.place;
    for (const tab of document.querySelectorAll("#tabs [data-tab]")) {
      if (tab.dataset.tab === name) tab.setAttribute("aria-current", "page"); else tab.removeAttribute("aria-current");
    }
    hide();
    byId(name === "draft" ? "draft-text" : "question")?.focus?.({ preventScroll: true });
    if (name === "ask") document.querySelector("#question textarea")?.focus({ preventScroll: true });
  };

  // The text is kept with its tab of the browser; a file it came from is never checked against itself.
  let file = { name: "", sha256: "" };
  const keep = () => { try { sessionStorage.setItem(TEXT, JSON.stringify({ ...file, text: byId("draft-text").value })); } catch { /* full, or a strict frame */ } };
  const setText = (text, from = { name: "", sha256: "" }) => {
    const box = byId("draft-text");
    box.value = text;
    file = from;
    byId("draft-name").textContent = file.name;
    keep();
  };
  const recall = () => {
    try {
      const { text, name, sha256 } = JSON.parse(sessionStorage.getItem(TEXT)) ?? {};
      if (text) setText(text, { name: name ?? "", sha256: sha256 ?? "" });
    } catch { /* nothing was kept */ }
  };
  const tell = (sentence) => {
    const name = byId("draft-name");
    name.textContent = sentence;
    name.classList.add("bad");
    name.setAttribute("role", "alert");
  };
  const calm = () => { byId("draft-name").classList.remove("bad"); byId("draft-name").removeAttribute("role"); };
  const read = async (chosen) => {
    calm();
    byId("draft-name").textContent = `Reading ${chosen.name}…`;
    byId("draft-check").disabled = true;
    try {
      const answer = await fetch(`drafts?name=${encodeURIComponent(chosen.name)}`, { method: "POST", body: chosen });
      if (!answer.ok) { tell((await answer.text()) || `${chosen.name} could not be read.`); return; }
      const { text, name, sha256 } = await answer.json();
      setText(text, { name, sha256 });
      byId("draft-text").scrollTop = 0;
    } catch { tell(`${chosen.name} could not be sent. Is the server still running, and the file still there?`); }
    finally { byId("draft-check").disabled = false; }
  };

  // What a mark says: a card beside it, pinned by a click.
  const card = Object.assign(document.createElement("div"), { id: "finding-card", hidden: true });
  card.setAttribute("role", "region");
  card.setAttribute("aria-label", "What the documents say");
  const frame = () => document.body.append(card);
  if (document.body) frame(); else document.addEventListener("DOMContentLoaded", frame);
  let shown = null;
  let shownAt = 0;  // where on the screen the claim was
  let pinned = false;
  let leaving = 0;
  const hide = () => {
    clearTimeout(leaving);
    document.querySelector(`#report a[data-claim="${shown}"]`)?.removeAttribute("aria-current");
    shown = null;
    pinned = false;
    card.hidden = true;
  };
  const show = (claim, pin, y) => {
    clearTimeout(leaving);
    const found = byId(`finding-${claim.dataset.claim}`);
    if (!found) return;
    if (shown !== claim.dataset.claim) hide();
    shown = claim.dataset.claim;
    pinned = pinned || pin;
    if (pin) claim.setAttribute("aria-current", "true");
    card.replaceChildren(...[...found.childNodes].map((node) => node.cloneNode(true)));
    card.hidden = false;
    if (!BESIDE.matches) { card.removeAttribute("style"); return; }
    const lines = [...claim.getClientRects()];
    const line = lines.find((each) => y >= each.top - 2 && y <= each.bottom + 2) ?? lines[0];
    const size = card.getBoundingClientRect();
    const below = line.bottom + 8 + size.height < innerHeight;
    const edge = byId("drafts").getBoundingClientRect().right - 12;
    shownAt = lines[0].top;
    card.style.left = `${Math.max(12, Math.min(line.left, edge - size.width))}px`;
    card.style.top = `${below ? line.bottom + 6 : Math.max(12, line.top - size.height - 6)}px`;
  };
  const later = () => { clearTimeout(leaving); if (!pinned) leaving = setTimeout(hide, 250); };
  const claimOf = (event) => event.target.closest?.("#report a[data-claim]");
  document.addEventListener("mouseover", (event) => {
    if (!POINTS.matches || pinned) return;
    const claim = claimOf(event);
    if (claim) show(claim, false, event.clientY);
    else if (card.contains(event.target)) clearTimeout(leaving);
    else if (shown) later();
  });
  document.addEventListener("focusin", (event) => {
    const claim = claimOf(event);
    if (claim && !pinned && claim.matches(":focus-visible")) show(claim, false, claim.getClientRects()[0].top);
  });
  document.addEventListener("scroll", (event) => {
    if (!shown || event.target?.id !== "drafts" || !BESIDE.matches) return;
    const top = document.querySelector(`#report a[data-claim="${shown}"]`)?.getClientRects()[0]?.top;
    if (top === undefined || Math.abs(top - shownAt) > 20) hide();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || card.hidden) return;
    document.querySelector(`#report a[data-claim="${shown}"]`)?.focus({ preventScroll: true });
    hide();
  });

  let halting = 0;
  let asked = 0;  // until something of the new report is drawn, or for a while
  const check = () => {
    if (asked || byId("draft-check").disabled || document.querySelector("#report .running")) return;
    clearTimeout(halting);
    calm();
    hide();
    byId("report").removeAttribute("data-only");
    keep();
    // Once something is drawn, it comes into view.
    const drawn = new MutationObserver(() => {
      const head = document.querySelector("#report :is(.sum, .held, .error)");
      if (!head) return;
      drawn.disconnect();
      clearTimeout(asked);
      asked = 0;
      const drafts = byId("drafts").getBoundingClientRect();
      const away = head.getBoundingClientRect().top - drafts.top - 16;
      if (away > drafts.height / 2) byId("drafts").scrollBy({ top: away - drafts.height / 4, behavior: "smooth" });
    });
    drawn.observe(byId("report"), { childList: true, subtree: true });
    asked = setTimeout(() => { asked = 0; }, 4000);
    gesture({ event: "check_draft", text: byId("draft-text").value, name: file.name, sha256: file.sha256 });
  };
  // What was on its way when the check was stopped may be drawn after it: then it is stopped again.
  const halt = (looks = 6) => {
    if (document.querySelector("#report .running")) gesture({ event: "halt_draft" });
    if (looks) halting = setTimeout(() => halt(looks - 1), 400);
  };
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const claim = claimOf(event);
    if (claim) {
      event.preventDefault();
      const again = pinned && shown === claim.dataset.claim;
      hide();
      if (again) return;
      show(claim, true, event.clientY);
      if (BESIDE.matches && card.querySelector("[data-finding]")) gesture({ event: "open_finding", index: claim.dataset.claim });
      return;
    }
    const control = target.closest("button, a");
    if (!card.contains(target)) hide();
    if (!control) return;
    if (control.dataset.tab) go(control.dataset.tab);
    else if (control.id === "draft-check") check();
    else if (control.id === "draft-stop") halt();
    else if (control.dataset.finding) {
      gesture({ event: "open_finding", index: control.dataset.finding });
      if (!BESIDE.matches) hide();
    } else if (control.dataset.export) gesture({ event: "export_draft", form: control.dataset.export });
    else if (control.dataset.only !== undefined) {
      control.setAttribute("aria-pressed", String(byId("report").toggleAttribute("data-only")));
    } else if (control.dataset.event === "fresh" || control.matches(".skip")) go("ask");
  });
  document.addEventListener("auxclick", (event) => { if (claimOf(event)) event.preventDefault(); });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "draft-file") return;
    const [chosen] = event.target.files;
    if (chosen) read(chosen);
    event.target.value = "";
  });
  document.addEventListener("input", (event) => {
    if (event.target.id !== "draft-text") return;
    calm();
    if (!event.target.value) file = { name: "", sha256: "" };
    byId("draft-name").textContent = file.name;
    keep();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "draft-text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) check();
  });

  // A file that is dropped while the draft is shown is the draft, and joins no library.
  const carriesFiles = (event) => place() === "draft" && [...(event.dataTransfer?.types || [])].includes("Files");
  let depth = 0;
  const dropping = (on) => { depth = on ? depth : 0; root.toggleAttribute("data-drop-draft", on); };
  for (const [kind, does] of Object.entries({
    dragenter: () => { depth += 1; dropping(true); },
    dragleave: () => { depth -= 1; if (depth <= 0) dropping(false); },
    dragover: (event) => event.preventDefault(),
    drop: (event) => {
      event.preventDefault();
      dropping(false);
      const [dropped] = event.dataTransfer.files;
      if (dropped) read(dropped);
    },
  })) addEventListener(kind, (event) => {
    if (!carriesFiles(event)) return;
    event.stopPropagation();
    does(event);
  }, true);

  const watch = () => {
    if (!byId("draft-text")) { requestAnimationFrame(watch); return; }
    recall();
  };
  watch();
})();
