// @ts-check
// A row of a list, carried to another place by its handle: mouse, pen or finger.

const EDGE_PX = 70;

/**
 * Let the rows of a list be carried by what bears `data-handle`. Nothing is reordered here: `moved` is told from where to where.
 * @param {HTMLElement} list @param {(from: number, to: number) => void} moved
 */
export function carry(list, moved) {
  list.addEventListener("pointerdown", (event) => {
    const handle = /** @type {Element} */ (event.target).closest("[data-handle]");
    const row = /** @type {HTMLElement | null} */ (handle?.closest("li"));
    if (!handle || !row || event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    begin(list, row, /** @type {HTMLElement} */ (handle), event, moved);
  });
}

/** @param {HTMLElement} list @param {HTMLElement} row @param {HTMLElement} handle @param {PointerEvent} first @param {(from: number, to: number) => void} moved */
function begin(list, row, handle, first, moved) {
  list.classList.add("carrying");
  row.classList.add("carried");
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const from = rows.indexOf(row);
  const boxes = rows.map((one) => one.getBoundingClientRect());
  const scrolled = scrollY;
  const height = boxes[from].height + parseFloat(getComputedStyle(list).rowGap || "0");
  let to = from;
  let y = first.clientY;

  const draw = () => {
    const by = y - first.clientY + scrollY - scrolled;
    const middle = boxes[from].top + boxes[from].height / 2 + by;
    to = boxes.filter((box, place) => place !== from && box.top + box.height / 2 < middle).length;
    rows.forEach((one, place) => {
      const shift = place > from && place <= to ? -height : place < from && place >= to ? height : 0;
      one.style.transform = place === from ? `translateY(${by}px)` : shift ? `translateY(${shift}px)` : "";
    });
  };
  const scroller = setInterval(() => {
    const step = y < EDGE_PX ? -12 : y > innerHeight - EDGE_PX ? 12 : 0;
    if (step) {
      scrollBy(0, step);
      draw();
    }
  }, 16);
  const move = (/** @type {PointerEvent} */ event) => {
    y = event.clientY;
    draw();
  };
  const end = (/** @type {boolean} */ isMeant) => {
    clearInterval(scroller);
    for (const one of rows) one.style.transform = "";
    list.classList.remove("carrying");
    row.classList.remove("carried");
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", drop);
    handle.removeEventListener("pointercancel", cancel);
    document.removeEventListener("keydown", escape, true);
    if (isMeant && to !== from) moved(from, to);
  };
  const drop = () => end(true);
  const cancel = () => end(false);
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    end(false);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", drop);
  handle.addEventListener("pointercancel", cancel);
  document.addEventListener("keydown", escape, true);
}
