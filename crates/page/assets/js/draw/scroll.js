// A wide figure that can be dragged with the mouse, as well as scrolled.

/** @template {HTMLElement} T @param {T} element @returns {T} */
export function dragToScroll(element) {
  let from = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;   // fingers scroll by themselves
    from = { x: event.clientX + element.scrollLeft, y: event.clientY + element.scrollTop, moved: false };
  });
  element.addEventListener("pointermove", (event) => {
    if (!from || event.buttons === 0) return;
    const left = from.x - event.clientX;
    const top = from.y - event.clientY;
    from.moved ||= Math.abs(left - element.scrollLeft) + Math.abs(top - element.scrollTop) > 4;
    if (!from.moved) return;
    element.scrollTo(left, top);
    element.classList.add("dragging");
  });
  element.addEventListener("pointerleave", end);
  // The click that ends a drag is none.
  element.addEventListener("click", (event) => { if (from?.moved) event.stopPropagation(); end(); }, true);

  function end() {
    from = null;
    element.classList.remove("dragging");
  }
  return element;
}
