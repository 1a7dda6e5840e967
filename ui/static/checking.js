// The quote behind a chip and what is said of a marked statement: a card beside what is pointed at,
// focused, or touched.
(() => {
  "use strict";
  const POINTS = matchMedia("(hover: hover)");
  const SHOWN_AFTER = 120;  // milliseconds, so that a passing pointer shows nothing
  const HIDDEN_AFTER = 250;  // in which the pointer reaches the card
  const GAP = 7;

  const card = Object.assign(document.createElement("div"), { id: "quote-card", hidden: true });
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", "What the source says");
  const frame = () => document.body.append(card);
  if (document.body) frame(); else document.addEventListener("DOMContentLoaded", frame);
  let shown = null;  // the key of what the card is about
  let waiting = 0;

  const keyOf = (element) => element.dataset.part ?? element.getAttribute("href").slice(1);
  const sourceOf = (key) => document.getElementById(key.startsWith("claim-") ? key : `card-${key}`);
  const subject = (event) => event.target.closest?.("#thread .a :is(.said, a.cite)");
  const partsOf = (key) => document.querySelectorAll(`#thread [data-part="${key}"]`);
  const hide = () => {
    clearTimeout(waiting);
    for (const part of document.querySelectorAll("#thread [data-on]")) part.removeAttribute("data-on");
    shown = null;
    card.hidden = true;
  };
  const place = (element, y) => {
    const lines = [...element.getClientRects()];
    const line = lines.find((each) => y >= each.top - 3 && y <= each.bottom + 3) ?? lines[0];
    // Beside the whole of a statement, unless that is long.
    const all = element.matches(".said") ? [...partsOf(shown)].flatMap((part) => [...part.getClientRects()]) : lines;
    let top = Math.min(...all.map((each) => each.top));
    let bottom = Math.max(...all.map((each) => each.bottom));
    if (bottom - top > innerHeight / 4) ({ top, bottom } = line);
    const size = card.getBoundingClientRect();
    const middle = document.getElementById("middle").getBoundingClientRect();
    const right = Math.max(middle.right, size.width + 24) - 12;
    const below = bottom + GAP + size.height < innerHeight - 12;
    card.style.left = `${Math.max(12, Math.min(line.left - 6, right - size.width))}px`;
    card.style.top = `${below ? bottom + GAP : Math.max(12, top - GAP - size.height)}px`;
  };
  const show = (element, y) => {
    clearTimeout(waiting);
    const key = keyOf(element);
    const found = sourceOf(key);
    if (!found) return;
    if (shown !== key) hide();
    shown = key;
    card.replaceChildren(...[...found.childNodes].map((node) => node.cloneNode(true)));
    // Of a statement, its own words are just above the card.
    if (key.startsWith("claim-")) card.children[1].className = "words";
    for (const part of partsOf(key)) part.dataset.on = "";
    card.hidden = false;
    card.scrollTop = 0;
    place(element, y);
  };
  const later = (act, delay) => { clearTimeout(waiting); waiting = setTimeout(act, delay); };

  document.addEventListener("mouseover", (event) => {
    if (!POINTS.matches) return;
    const element = subject(event);
    if (element && keyOf(element) === shown) clearTimeout(waiting);
    else if (element) later(() => { if (element.isConnected) show(element, event.clientY); }, shown ? HIDDEN_AFTER : SHOWN_AFTER);
    else if (card.contains(event.target)) clearTimeout(waiting);
    else later(hide, HIDDEN_AFTER);
  });
  document.addEventListener("focusin", (event) => {
    const element = subject(event);
    if (element?.matches(":focus-visible") && keyOf(element) !== shown) show(element, element.getClientRects()[0].top);
    else if (!card.contains(event.target)) hide();
  });
  // A chip opens its page; a statement, which has none of its own, says what was found.
  document.addEventListener("click", (event) => {
    const element = subject(event);
    if (element?.matches(".said")) {
      event.preventDefault();
      show(element, event.detail ? event.clientY : element.getClientRects()[0].top);
      if (!event.detail) card.querySelector("a")?.focus({ preventScroll: true });
      return;
    }
    const link = event.target.closest?.('#quote-card a[href^="#cite-"]');
    if (link) {
      event.preventDefault();
      const [, turn, index] = link.getAttribute("href").split("-");
      const thread = document.querySelector('#thread [id^="html-"]');
      thread?.dispatchEvent(new CustomEvent("gesture", { detail: { event: "cite", turn, index } }));
    }
    if (link || element || !card.contains(event.target)) hide();
  });
  document.addEventListener("auxclick", (event) => { if (event.target.closest?.('.said, a[href^="#cite-"]')) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || card.hidden) return;
    if (card.contains(document.activeElement)) partsOf(shown)[0]?.focus({ preventScroll: true });
    hide();
  });
  document.addEventListener("scroll", (event) => { if (event.target?.id === "thread") hide(); }, true);
  addEventListener("resize", hide);
})();
