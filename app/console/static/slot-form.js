// @ts-check
// A slot's form: weekdays as boxes, the reader's zone or the other, and always what it is in both.

import { words } from "./words.js";

const AHEAD = 9 * 60;
const DAY = 24 * 60;

/** "0530" or "05:30" in minutes, 2400 too; null for anything else. @param {string} text */
function minutesOf(text) {
  const found = /^(\d{2}):?(\d{2})$/.exec(text.trim());
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return Number(found[2]) < 60 && minutes <= DAY ? minutes : null;
}

/** @param {number} minutes */
const hhmm = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}${String(minutes % 60).padStart(2, "0")}`;

/** @param {string} iso @param {number} days */
function dateMoved(iso, days) {
  const date = new Date(`${iso}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The same slot as it reads in the other zone; null while it cannot be read. @param {HTMLFormElement} form */
function inOtherZone(form) {
  const value = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value;
  const [start, stop] = [minutesOf(value("start")), minutesOf(value("stop"))];
  if (start === null || stop === null || start === DAY || !value("days") || !value("first_date") || !value("last_date")) return null;
  const by = value("zone") === "KST" ? -AHEAD : AHEAD;
  const days = Math.floor((start + by) / DAY);
  return {
    zone: value("zone") === "KST" ? "UTC" : "KST",
    start: hhmm((start + by + DAY) % DAY),
    stop: hhmm((stop + by + DAY) % DAY || DAY),
    days: [...value("days")].map((digit) => ((Number(digit) - 1 + days + 7) % 7) + 1).sort().join(""),
    first_date: dateMoved(value("first_date"), days),
    last_date: dateMoved(value("last_date"), days),
  };
}

/** @param {HTMLFormElement} form */
function tellOther(form) {
  const line = /** @type {HTMLElement} */ (form.querySelector("[data-other-zone]"));
  const other = inOtherZone(form);
  const names = words("programmes.js.weekdays").split(" ");
  line.textContent = other
    ? words("programmes.js.other_zone", {
        zone: other.zone, start: other.start, stop: other.stop, first: other.first_date, last: other.last_date,
        days: other.days.length === 7 ? words("programmes.js.daily") : [...other.days].map((digit) => names[Number(digit) - 1]).join(" "),
      })
    : words("programmes.js.other_zone.unread");
}

/** @param {HTMLFormElement} form */
const boxes = (form) => /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[data-day]")]);

/** @param {HTMLFormElement} form */
const days = (form) => /** @type {HTMLInputElement} */ (form.elements.namedItem("days"));

/** The boxes show what the field holds. @param {HTMLFormElement} form */
function tick(form) {
  for (const box of boxes(form)) box.checked = days(form).value.includes(box.dataset.day ?? "");
}

const wired = new WeakSet();

/** @param {HTMLFormElement} form */
function wire(form) {
  wired.add(form);
  tick(form);
  tellOther(form);
  const zone = /** @type {HTMLSelectElement} */ (form.elements.namedItem("zone"));
  let was = zone.value;
  form.addEventListener("input", (event) => {
    if (event.target === zone) {
      const wanted = zone.value;
      zone.value = was;
      const other = inOtherZone(form);
      was = zone.value = wanted;
      for (const [name, value] of Object.entries(other ?? {})) if (name !== "zone") /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = value;
      tick(form);
    } else if (/** @type {HTMLElement} */ (event.target).dataset.day) {
      days(form).value = boxes(form).filter((box) => box.checked).map((box) => box.dataset.day).join("");
    }
    tellOther(form);
  });
  form.addEventListener("reset", () => setTimeout(() => { was = zone.value; tick(form); tellOther(form); }));
}

function wireAll() {
  for (const form of document.querySelectorAll("form[data-slot]")) if (!wired.has(form)) wire(/** @type {HTMLFormElement} */ (form));
}

wireAll();
document.addEventListener("danpa:looked", wireAll);
document.addEventListener("click", (event) => {
  const opener = /** @type {Element} */ (event.target).closest("[data-focus]");
  if (opener) document.getElementById(opener.getAttribute("data-focus") ?? "")?.focus();
});
