// Where the documents are in a drawer: a line above the conversation says what is on its way in and
// what failed, and opens them. Failures are told until they were seen.
(() => {
  "use strict";
  const SEEN = "tramontane-seen-failures";
  const ROOMY = matchMedia("(min-width: 1280px)");  // the documents stand beside the conversation
  const ARROW = '<svg width="14" height="14" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m9 6 6 6-6 6"/></svg>';
  const byId = (id) => document.getElementById(id);
  const number = (count) => count.toLocaleString("en");
  const files = (count) => `${number(count)} file${count === 1 ? "" : "s"}`;
  const line = Object.assign(document.createElement("button"), { type: "button", id: "underway", hidden: true });
  line.innerHTML = `<span></span>${ARROW}`;
  line.setAttribute("aria-haspopup", "true");
  const said = Object.assign(document.createElement("p"), { id: "underway-said", className: "sr" });
  said.setAttribute("role", "status");

  const recall = () => { try { return new Set(JSON.parse(localStorage.getItem(SEEN) || "[]")); } catch { return new Set(); } };
  const keep = (seen) => { try { localStorage.setItem(SEEN, JSON.stringify([...seen])); } catch { /* full, or a strict frame */ } };
  // What failed and was not seen yet; what goes on again is told once more if it fails again.
  const unseen = (list) => {
    const library = list.dataset.library;
    const named = (kind) => (list.dataset[kind] || "").split(" ").filter(Boolean).map((each) => `${library}:${each}`);
    const failed = [...named("failed"), ...named("partly")];
    const before = recall();
    const isShown = ROOMY.matches || document.documentElement.hasAttribute("data-drawer");
    const seen = new Set([...before].filter((each) => failed.includes(each) || !each.startsWith(`${library}:`)));
    if (isShown) for (const each of failed) seen.add(each);
    if (seen.size !== before.size || [...seen].some((each) => !before.has(each))) keep(seen);
    const left = (kind) => named(kind).filter((each) => !seen.has(each)).length;
    return { failed: left("failed"), partly: left("partly") };
  };
  let sending = { pending: 0, refused: 0, jobs: [] };  // what this page sends, and has sent
  let before = { going: 0, failed: 0 };
  const draw = () => {
    const list = byId("outcomes");
    if (!list) return;
    if (!line.isConnected) byId("middle")?.prepend(line, said);
    const unlisted = sending.jobs.filter((job) => job > Number(list.dataset.newest)).length;
    const reading = Number(list.dataset.reading) + sending.pending + unlisted;
    const embedding = Number(list.dataset.embedding);
    const asking = Number(list.dataset.asking);
    const going = reading + embedding;
    const { failed: lost, partly } = unseen(list);
    const failed = lost + sending.refused;
    const words = [
      reading && `${files(reading)} being read`,
      !reading && embedding && `${files(embedding)} ready by words, meaning to come`,
      asking && `${files(asking)} ${asking === 1 ? "waits" : "wait"} for your word`,
      failed && (going || asking ? `${number(failed)} not read` : `${files(failed)} not read`),
      partly && (going || asking || failed ? `${number(partly)} partly read` : `${files(partly)} partly read`),
    ].filter(Boolean).join(", ");
    line.hidden = !words;
    line.toggleAttribute("data-failed", failed > 0);
    const text = line.querySelector("span");
    if (text.textContent !== words) text.textContent = words;
    line.setAttribute("aria-label", `${words}. Show the documents.`);
    // Said when it begins and when something fails, not at each file.
    if (!ROOMY.matches && words && ((going && !before.going) || failed > before.failed)) said.textContent = `${words}.`;
    else if (!words) said.textContent = "";
    before = { going, failed };
  };
  line.addEventListener("click", () => {
    byId("drawer")?.click();
    const row = document.querySelector("#documents .doc.unread:has(.st.b)") ?? document.querySelector("#documents .doc.held");
    requestAnimationFrame(() => row?.scrollIntoView({ block: "center" }));
  });
  ROOMY.addEventListener("change", draw);
  document.addEventListener("sending", ({ detail }) => { sending = detail; draw(); });

  const watch = () => {
    const documents = byId("documents");
    if (!documents) { requestAnimationFrame(watch); return; }
    new MutationObserver(draw).observe(documents, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-newest", "data-failed", "data-partly", "data-reading", "data-embedding"] });
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-drawer"] });
    draw();
  };
  watch();
})();
