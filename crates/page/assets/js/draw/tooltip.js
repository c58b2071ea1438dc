// One small box beside the pointer, for the number behind a colour.

import { html, replace } from "any2any/draw/elements";

let box = null;

/** Shows the contents (texts or nodes) at the pointer. */
export function showTooltip(event, ...contents) {
  box ??= document.body.appendChild(html("div", { class: "tooltip", role: "tooltip" }));
  replace(box, ...contents);
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const x = Math.min(event.clientX + 14, innerWidth - width - 8);
  const below = event.clientY + 18;
  const y = below + height > innerHeight - 8 ? event.clientY - height - 12 : below;
  box.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
}

export function hideTooltip() {
  if (box) box.hidden = true;
}

/** Gives an element a tooltip: `contents(event)` returns what to show, or null for nothing. */
export function tooltip(element, contents) {
  element.addEventListener("pointermove", (event) => {
    const shown = contents(event);
    if (shown == null) hideTooltip();
    else showTooltip(event, ...[shown].flat());
  });
  element.addEventListener("pointerleave", hideTooltip);
  return element;
}
