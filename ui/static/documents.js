// The list of documents: what is folded, questions before something is stopped or removed, and the
// report that is open, which follows the list.
(() => {
  "use strict";
  const SECONDS_BETWEEN_REPORTS = 1.5;
  const MS_TO_BEGIN = 250;
  const byId = (id) => document.getElementById(id);
  const gesture = (id, detail) =>
    document.querySelector(`#${id} [id^="html-"]`)?.dispatchEvent(new CustomEvent("gesture", { detail }));

  // Rows that are folded away: shown as long as the reader wants them.
  const unfolded = new Set();
  const markUnfolded = () => {
    for (const control of document.querySelectorAll("#documents [data-more]")) {
      const isOpen = unfolded.has(control.dataset.more);
      const rest = document.querySelector(`#documents [data-rest="${control.dataset.more}"]`);
      if (rest.hidden === isOpen) rest.hidden = !isOpen;
      if (control.getAttribute("aria-expanded") !== String(isOpen)) control.setAttribute("aria-expanded", String(isOpen));
    }
  };

  // Whoever works on a file that is cancelled stops at the next page or batch: until then, it says so.
  const stopping = new Set();
  const markStopping = () => {
    for (const control of document.querySelectorAll("#documents .docs .stop:not(:disabled)")) {
      if (!stopping.has(control.dataset.id)) continue;
      control.disabled = true;
      control.previousElementSibling.textContent = "stopping";
    }
  };
  const stop = (controls) => { for (const control of controls) stopping.add(control.dataset.id); markStopping(); };

  // Reading files may have cost something.
  let wasBusy = false;
  const noticeEnd = () => {
    const isBusy = Boolean(document.querySelector("#documents .doc.job"));
    if (wasBusy && !isBusy) document.dispatchEvent(new Event("files-ended"));
    wasBusy = isBusy;
  };

  // The report follows the list that was drawn last.
  let reported = 0;
  const followReport = () => {
    const report = document.querySelector("#source .report");
    const list = byId("outcomes");
    if (reported || !report || !list || report.dataset.state === list.dataset.state) return;
    reported = setTimeout(() => {
      reported = 0;
      openReport(document.querySelector("#source .report"));
    }, 1000 * SECONDS_BETWEEN_REPORTS);
  };
  // How far a file is, as the list has it drawn last.
  const followWork = () => {
    const report = document.querySelector("#source .report");
    const now = report && document.querySelector(`#documents .doc[data-id="${CSS.escape(report.dataset.report)}"] > .work:not(.ask)`);
    const shown = report?.querySelector(":scope > .work:not(.ask)");
    if (!now || !shown) return;
    const [words, told] = [now, shown].map((work) => work.querySelector("p span"));
    const [bar, drawn] = [now, shown].map((work) => work.querySelector(".bar"));
    if (told.textContent !== words.textContent) told.textContent = words.textContent;
    if (bar && !drawn) shown.querySelector("p").after(bar.cloneNode(true));
    else if (bar) for (const part of ["i", "b"]) drawn.querySelector(part).style.width = bar.querySelector(part).style.width;
  };
  const openReport = (report) => { if (report) gesture("source", { event: "report", id: report.dataset.report }); };
  for (const moment of ["report-again", "server-started"]) document.addEventListener(moment, () => openReport(document.querySelector("#source .report")));

  // A question before something is done: `act` is done on a yes.
  // It goes by itself once what it is about, as `still` finds it, is gone.
  const gone = new Map();
  const closeGone = () => requestAnimationFrame(() => {
    for (const [dialog, still] of gone) if (!document.querySelector(still)) dialog.close("no");
  });
  const ask = ({ title, text, no, yes, danger, act, still }) => {
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    dialog.innerHTML = '<form method="dialog"><h2></h2><p></p><div><button value="no"></button><button value="yes"></button></div></form>';
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector("p").textContent = text;
    dialog.querySelector('[value="no"]').textContent = no;
    dialog.querySelector('[value="yes"]').textContent = yes;
    dialog.querySelector('[value="yes"]').classList.add(danger ? "danger" : "main");
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") act();
      gone.delete(dialog);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    if (still) gone.set(dialog, still);
  };
  document.addEventListener("ask", ({ detail }) => ask(detail));
  const confirmRemoval = ({ id, name }) => ask({
    title: `Remove “${name}”?`,
    text: "Its pages leave every answer at once. It stays in the trash for 30 days.",
    no: "Keep", yes: "Remove", danger: true,
    act: () => gesture("documents", { event: "remove", id }),
    still: `#documents .doc[data-id="${CSS.escape(id)}"]`,
  });
  const confirmPurge = ({ id, name }) => ask({
    title: `Delete “${name}” for good?`,
    text: "It cannot be brought back. Earlier versions of it and marked answers that cite it are deleted too.",
    no: "Keep", yes: "Delete for good", danger: true,
    act: () => gesture("documents", { event: "purge", id }),
    still: `#documents [data-kept="${CSS.escape(id)}"]`,
  });
  const confirmUnmake = ({ id, name }) => ask({
    title: `Delete the library “${name}”?`,
    text: "Its documents leave every answer at once. It stays in the trash for 30 days, with them.",
    no: "Keep", yes: "Delete", danger: true,
    act: () => gesture("libraries", { event: "unmake", id }),
    still: `#libraries [data-confirm="unmake"][data-id="${CSS.escape(id)}"]`,
  });
  const confirmErase = ({ id, name }) => ask({
    title: `Delete the library “${name}” for good?`,
    text: "It cannot be brought back. Its documents, their earlier versions and marked answers that cite them are deleted too.",
    no: "Keep", yes: "Delete for good", danger: true,
    act: () => gesture("libraries", { event: "erase", id }),
    still: `#libraries [data-confirm="erase"][data-id="${CSS.escape(id)}"]`,
  });
  const confirmMove = (detail) => ask({
    title: "Let it leave this machine?",
    text: "Nothing in its library is sent to another machine. What is in the other library may be.",
    no: "Keep it here", yes: "Move it", danger: true,
    act: () => gesture("source", detail),
  });
  const confirmLeave = ({ id }) => ask({
    title: "Let it leave this machine?",
    text: "What is in this library, and questions about it, may be sent to models elsewhere from then on.",
    no: "Keep it here", yes: "Let it leave", danger: true,
    act: () => gesture("libraries", { event: "policy", id }),
  });
  const confirmHalt = (count) => ask({
    title: `Cancel ${Number(count).toLocaleString("en")} files?`,
    text: "Those that are not read yet are left out. Those that are read stay, and are found by their words.",
    no: "Go on", yes: "Cancel them", danger: true,
    act: () => {
      gesture("documents", { event: "cancel", id: "all" });
      stop(document.querySelectorAll("#documents .docs .stop"));
    },
  });

  document.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("button") : null;
    if (!control) return;
    if (control.dataset.confirm === "remove") confirmRemoval(control.dataset);
    else if (control.dataset.confirm === "unmake") confirmUnmake(control.dataset);
    else if (control.dataset.confirm === "erase") confirmErase(control.dataset);
    else if (control.dataset.confirm === "policy") confirmLeave(control.dataset);
    else if (control.dataset.confirm === "purge") confirmPurge(control.dataset);
    else if (control.dataset.confirm === "halt") confirmHalt(control.dataset.count);
    else if (control.dataset.more) {
      if (!unfolded.delete(control.dataset.more)) unfolded.add(control.dataset.more);
      markUnfolded();
    } else if (control.matches("#documents .docs .stop")) stop([control]);
    else if (control.dataset.event === "retry") stopping.delete(control.dataset.id);
    else if (control.dataset.event === "reread") {
      // It keeps the focus. What is done is seen at once by whoever looks.
      control.setAttribute("aria-disabled", "true");
      control.querySelector("span").textContent = "Reading…";
      setTimeout(() => document.dispatchEvent(new Event("look")), MS_TO_BEGIN);
    }
  });
  // What another model takes is counted on the server, for seconds where there is much to embed.
  document.addEventListener("submit", (event) => {
    const button = event.target.matches('[data-event="price"]') && event.target.querySelector("button");
    if (button) setTimeout(() => { button.disabled = true; button.textContent = "Counting…"; });
  });
  // A choice that needs no button.
  document.addEventListener("change", ({ target }) => { if (target.matches?.("select[data-submits]")) target.form.requestSubmit(); });
  // A document that leaves what stays on this machine: not without a word.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.event !== "move" || form.elements.to.selectedOptions[0].dataset.letsGo === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    confirmMove({ event: "move", id: form.dataset.id, to: form.elements.to.value });
  }, true);

  // The tab stays in its library when it is loaded again, and the chooser folds when one is chosen.
  document.addEventListener("click", (event) => {
    const chosen = event.target instanceof Element ? event.target.closest('[data-event="library"]') : null;
    if (chosen) try { sessionStorage.setItem("tramontane-library", chosen.dataset.id); } catch { /* a strict frame */ }
    for (const menu of document.querySelectorAll("#libraries details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  // The chooser stands below the documents where there is one library: what unfolds is brought into sight.
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches?.("#libraries details.library") && target.open) target.scrollIntoView({ block: "nearest" });
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? document.querySelector("#libraries details[open]") : null;
    if (!menu) return;
    event.stopPropagation();  // the drawer that it is in stays
    menu.open = false;
    menu.querySelector("summary").focus();
  }, true);
  const watch = () => {
    const documents = byId("documents");
    if (!documents) { requestAnimationFrame(watch); return; }
    new MutationObserver(() => { markUnfolded(); markStopping(); followWork(); followReport(); noticeEnd(); closeGone(); })
      .observe(documents, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "aria-expanded", "data-state"] });
  };
  watch();
  const watchLibraries = () => {
    const libraries = byId("libraries");
    if (!libraries) { requestAnimationFrame(watchLibraries); return; }
    new MutationObserver(closeGone).observe(libraries, { childList: true, subtree: true });
  };
  watchLibraries();
})();
