// @ts-check
// The forms of feeds and contracts: only the fields that belong to a protocol are shown and sent, and booked hours are
// written one transmitter a line.

/** Show the parts of a form that are for this protocol; what is not shown is not sent. @param {HTMLFormElement} form */
function showOwn(form) {
  const protocol = /** @type {HTMLSelectElement | null} */ (form.elements.namedItem("protocol"))?.value ?? "";
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) {
    turn(part, (part.dataset.for ?? "").split(" ").includes(protocol));
  }
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-shows]"))) {
    const part = document.getElementById(box.dataset.shows ?? "");
    if (part) turn(part, box.checked);
  }
}

/** @param {HTMLElement} part @param {boolean} on */
function turn(part, on) {
  part.hidden = !on;
  if (part instanceof HTMLFieldSetElement) part.disabled = !on;
}

/** `2000-2100 daily`, one transmitter a line, as the API takes it. @param {HTMLTextAreaElement} area */
function readHours(area) {
  const told = /** @type {HTMLInputElement} */ (document.getElementById(area.dataset.hours ?? ""));
  const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
  told.value = JSON.stringify(
    lines.map((line) => {
      const [, start = line, stop = "", days = ""] = line.match(/^(\S+?)\s*[-–~]\s*(\S+)\s*(.*)$/) ?? [];
      return { start, stop, ...(days ? { days } : {}) };
    }),
  );
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-draft]"))) {
  const hours = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("[data-hours]"));
  const renew = () => {
    showOwn(form);
    if (hours) readHours(hours);
  };
  form.addEventListener("input", renew);
  form.addEventListener("reset", () => setTimeout(renew));
  renew(); // a draft may have been put back
}
