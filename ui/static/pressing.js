// A press of the mouse in the documents counts for what was pressed. The list may be drawn anew while
// the button is down: its rows are then others in the same places, and what was pressed is elsewhere.
(() => {
  "use strict";
  const MOST_PIXELS = 8;  // between down and up; whoever moves further takes the press back
  const CONTROL = "#documents button";
  const NAMES = ["event", "confirm", "more", "id", "job", "kept", "key"];
  const signOf = ({ dataset }) => NAMES.map((name) => dataset[name] ?? "").join(" ");
  let pressed = null;

  // What was pressed as it is drawn now; null where it is gone, and so nothing is done.
  const found = (sign) => [...document.querySelectorAll(CONTROL)].find((control) => signOf(control) === sign);
  const isDrawnAnew = ({ control, sign }) => !control.isConnected || signOf(control) !== sign;
  const isNear = (event) => Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) <= MOST_PIXELS;
  document.addEventListener("pointerdown", (event) => {
    const control = event.button === 0 && event.target instanceof Element ? event.target.closest(CONTROL) : null;
    const sign = control ? signOf(control) : "";
    pressed = sign.trim() ? { control, sign, x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("pointercancel", () => { pressed = null; }, true);
  const redirect = () => {
    const { sign } = pressed;
    pressed = null;
    found(sign)?.click();
  };
  // No click follows where all that was under the pointer has gone. A finger's comes later.
  document.addEventListener("pointerup", (event) => {
    const press = pressed;
    if (!press || event.pointerType !== "mouse") return;
    if (!isNear(event)) pressed = null;
    else setTimeout(() => { if (pressed === press && isDrawnAnew(press)) redirect(); });
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.isTrusted || !event.detail || !pressed) return;
    if (!isDrawnAnew(pressed)) { pressed = null; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    redirect();
  }, true);
})();
