// Choosing a model: the list that opens under its name, by pointer, by keys, and on a phone.
(() => {
  "use strict";
  const NARROW = matchMedia("(max-width: 760px)");  // a tap shows what is known of a model there
  const panel = () => document.getElementById("models");
  const options = () => [...panel().querySelectorAll(".offer:not([hidden])")];
  const field = () => panel().querySelector(".filter");
  const list = () => document.getElementById("offers");
  const at = () => panel().querySelector(".offer.at");

  const point = (option, block = "nearest") => {
    at()?.classList.remove("at");
    for (const holder of [list(), field()]) {
      if (option) holder?.setAttribute("aria-activedescendant", option.id);
      else holder?.removeAttribute("aria-activedescendant");
    }
    option?.classList.add("at");
    if (block) option?.scrollIntoView({ block });
  };
  const narrow = (words) => {
    const wanted = words.toLowerCase().split(/\s+/);
    let found = 0;
    for (const option of panel().querySelectorAll(".offer")) {
      const said = option.getAttribute("aria-label").toLowerCase();
      option.hidden = !wanted.every((word) => said.includes(word));
      if (!option.hidden) found += 1;
    }
    panel().querySelector(".none").hidden = found > 0;
    point(options()[0] ?? null);
  };
  // A tab that is loaded again asks the model that was chosen in it.
  const CHOSEN = "tramontane-model";
  const keep = (model) => { try { sessionStorage.setItem(CHOSEN, model); } catch { /* a strict frame */ } };
  const recall = () => { try { return sessionStorage.getItem(CHOSEN); } catch { return null; } };
  // The page keeps what was chosen; the bar shows it at once, and is drawn anew when it is looked at.
  const choose = (option) => {
    const button = document.getElementById("picked");
    for (const other of panel().querySelectorAll(".offer")) other.setAttribute("aria-selected", other === option);
    const { model, place } = option.dataset;
    const said = `Model: ${model}, ${place}`;
    button.querySelector(".name").textContent = model;
    const small = button.querySelector("small") ?? button.insertBefore(document.createElement("small"), button.lastElementChild);
    small.textContent = model.includes(place) ? "" : place;
    button.classList.toggle("away", Boolean(option.querySelector(".st.b")));
    button.setAttribute("aria-label", said);
    button.title = said;
    document.querySelector('#head [id^="html-"]')?.dispatchEvent(new CustomEvent("gesture", { detail: { event: "model", value: model } }));
    keep(model);
  };
  const chooseAgain = () => {
    const kept = recall();
    const options = kept && panel() ? [...panel().querySelectorAll(".offer")] : [];
    const option = options.find((each) => each.dataset.model === kept);
    if (option?.getAttribute("aria-selected") === "false") choose(option);
  };
  const watch = () => {
    const head = document.getElementById("head");
    if (!head) { requestAnimationFrame(watch); return; }
    let drawn = null;
    new MutationObserver(() => {
      if (panel() === drawn) return;
      drawn = panel();
      chooseAgain();
    }).observe(head, { childList: true, subtree: true });
    chooseAgain();
  };
  watch();

  // Whether the models still answer is looked at whenever the list opens; marks change in place.
  const markAway = (option, isAway, words) => {
    const mark = option.querySelector(".st.b");
    const name = option.querySelector("b").textContent;
    const label = option.getAttribute("aria-label");
    if (isAway && !mark) {
      const made = document.createElement("i");
      made.className = "st b";
      made.textContent = words;
      option.querySelector("small").append(made);
      option.setAttribute("aria-label", `${name}, ${words}${label.slice(name.length)}`);
    } else if (!isAway && mark) {
      mark.remove();
      option.setAttribute("aria-label", label.replace(`, ${words}`, ""));
    }
    if (option.getAttribute("aria-selected") !== "true") return;
    const button = document.getElementById("picked");
    const said = `Model: ${option.dataset.model}, ${isAway ? words : option.dataset.place}`;
    button.classList.toggle("away", isAway);
    button.setAttribute("aria-label", said);
    button.title = said;
  };
  const lookAgain = async () => {
    try {
      const reply = await fetch("offers");
      if (!reply.ok || !panel()) return;
      const { away, words } = await reply.json();
      for (const option of panel().querySelectorAll(".offer")) markAway(option, away.includes(option.dataset.model), words);
    } catch { /* the page says elsewhere that its own server is gone */ }
  };

  // Events of popovers do not bubble.
  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "models") return;
    const button = document.getElementById("picked");
    button.setAttribute("aria-expanded", event.newState === "open");
    if (event.newState !== "open") return;
    lookAgain();
    const box = button.getBoundingClientRect();
    panel().style.setProperty("--right", `${Math.max(8, innerWidth - box.right)}px`);
    if (field()) { field().value = ""; narrow(""); }
    point(panel().querySelector('[aria-selected="true"]') ?? options()[0] ?? null, "center");
    (field() && !NARROW.matches ? field() : list()).focus({ preventScroll: true });
  }, true);
  document.addEventListener("input", (event) => {
    if (panel() && event.target === field()) narrow(event.target.value.trim());
  });
  document.addEventListener("pointermove", (event) => {
    const option = event.target instanceof Element && event.pointerType === "mouse" ? event.target.closest("#offers .offer") : null;
    if (option && option !== at()) point(option, null);
  });
  document.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("#offers .offer") : null;
    if (!option) return;
    point(option);
    choose(option);
    if (!NARROW.matches) panel().hidePopover();
  });
  document.addEventListener("keydown", (event) => {
    if (!panel()?.contains(event.target) || event.target.closest("button") || event.isComposing) return;
    const shown = options();
    const now = shown.indexOf(at());
    const last = shown.length - 1;
    const moves = {
      ArrowDown: Math.min(now + 1, last), ArrowUp: Math.max(now - 1, 0),
      PageDown: Math.min(now + 8, last), PageUp: Math.max(now - 8, 0),
      ...(event.target === list() ? { Home: 0, End: last } : {}),
    };
    if (event.key in moves && last >= 0) point(shown[moves[event.key]]);
    else if ((event.key === "Enter" || (event.key === " " && event.target === list())) && at()) {
      choose(at());
      panel().hidePopover();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
})();
