// What the page does by itself: theme, drawer and sheet, uploads, copying, following the answer.
// Everything else goes to the server as events of the HTML blocks (`BRIDGE` in layout.py).
(() => {
  "use strict";
  const root = document.documentElement;
  const THEME = "tramontane-theme";
  const WIDE = matchMedia("(min-width: 1101px)");

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

  const say = (sentence) => {
    let box = document.getElementById("say");
    if (!box) {
      box = document.createElement("div");
      box.id = "say";
      box.setAttribute("role", "alert");
      document.body.append(box);
    }
    box.textContent = sentence;
    box.classList.add("on");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => box.classList.remove("on"), 7000);
  };

  // Uploads: one request a file, its bytes as they are.
  const send = async (files) => {
    const list = [...files];
    for (const [index, file] of list.entries()) {
      root.dataset.sending = `${index + 1} of ${list.length}`;
      try {
        const answer = await fetch(`documents?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
        if (!answer.ok) say((await answer.text()) || "The file could not be sent.");
      } catch {
        say(`“${file.name}” could not be sent. Is it too large, or the server gone?`);
      }
      gesture("documents", { event: "added" });
    }
    delete root.dataset.sending;
  };
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
      if (dialog.returnValue === "yes") gesture("documents", { event: "remove", id });
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  };

  const drawer = (open) => {
    root.toggleAttribute("data-drawer", open);
    document.getElementById("drawer")?.setAttribute("aria-expanded", String(open));
  };
  let opener = null;
  const sheet = (open) => {
    root.toggleAttribute("data-sheet", open);
    if (!open && opener) { opener.focus({ preventScroll: true }); opener = null; }
  };

  // The open citation: its chip is amber, in whatever is drawn of the thread.
  let opened = null;
  const markOpened = () => {
    for (const chip of document.querySelectorAll("#thread a.cite")) {
      const on = chip.getAttribute("href") === opened;
      if (on !== chip.hasAttribute("aria-current")) {
        if (on) chip.setAttribute("aria-current", "true"); else chip.removeAttribute("aria-current");
      }
    }
  };
  const setOpened = (href) => { opened = href; markOpened(); };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const control = target.closest("button, a, select, label");
    if (!control) {
      if (root.hasAttribute("data-drawer") && !target.closest("#left")) drawer(false);
      return;
    }
    if (control.id === "theme") {
      const theme = root.dataset.theme === "dark" ? "light" : "dark";
      keep(THEME, theme);
      setTheme(theme);
    } else if (control.id === "drawer") drawer(!root.hasAttribute("data-drawer"));
    else if (control.dataset.confirm === "remove") confirmRemoval(control);
    else if (control.dataset.close === "source") { sheet(false); setOpened(null); }
    else if (control.dataset.copy !== undefined) {
      navigator.clipboard?.writeText(control.dataset.copy).then(() => {
        control.classList.add("done");
        setTimeout(() => control.classList.remove("done"), 1500);
      }, () => say("The browser does not let this page copy."));
    } else if (control.matches('a[href^="#cite-"]')) {
      setOpened(control.getAttribute("href"));
      if (event.detail !== -1) { opener = control; sheet(true); }
    } else if (control.dataset.event === "cite") {
      setOpened(`#cite-${control.dataset.turn}-${control.dataset.index}`);
    } else if (control.dataset.event === "nearest" || control.dataset.event === "show") {
      opener = control;
      setOpened(null);
      drawer(false);
      sheet(true);
    } else if (control.dataset.event === "fresh") {
      setOpened(null);
      sheet(false);
      document.querySelector("#question textarea")?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (root.hasAttribute("data-drawer")) drawer(false);
    else if (root.hasAttribute("data-sheet")) sheet(false);
  });

  // Follow the answer while it is written, unless the reader has scrolled away from its end.
  let follows = true;
  let finished = null;
  const watch = () => {
    const thread = document.getElementById("thread");
    const source = document.getElementById("source");
    if (!thread || !source) { requestAnimationFrame(watch); return; }
    thread.addEventListener("scroll", () => {
      follows = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
    }, { passive: true });
    let turns = 0;
    new MutationObserver(() => {
      const articles = thread.querySelectorAll("article.turn");
      if (articles.length > turns) follows = true;
      turns = articles.length;
      if (follows && turns) thread.scrollTop = thread.scrollHeight;
      markOpened();
      const last = articles[turns - 1];
      const state = last ? `${last.dataset.turn} ${last.className}` : null;
      if (state !== finished) {
        const wasRunning = finished?.includes("running");
        finished = state;
        const chip = last?.querySelector("a.cite");
        if (wasRunning && last?.classList.contains("done") && chip && WIDE.matches) {
          const bridge = new MouseEvent("click", { bubbles: true, cancelable: true, detail: -1 });
          chip.dispatchEvent(bridge);
        }
      }
    }).observe(thread, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["class"] });
    new MutationObserver(() => {
      const page = source.querySelector(".pg");
      const mark = source.querySelector(".hl.open, .hl.seen, mark.open, mark.seen");
      if (!page) return;
      const goal = mark
        ? page.scrollTop + mark.getBoundingClientRect().top - page.getBoundingClientRect().top - page.clientHeight / 3
        : 0;
      page.scrollTo({ top: Math.max(0, goal) });
      source.querySelector('.qq[aria-current]')?.scrollIntoView({ block: "nearest" });
    }).observe(source, { childList: true, subtree: true, attributes: true, attributeFilter: ["style", "src", "class"] });
  };
  watch();
})();
