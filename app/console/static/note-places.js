// @ts-check
// A note is of the place that was heard when its writing began: people write while the sound goes on.

import { RATE } from "./edits.js";
import { length } from "./words.js";

/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id));

/** @param {() => { wave: import("./waveform.js").Waveform, cut: number } | undefined} heard what is heard now, and of which cut */
export function placeNotes(heard) {
  let began = 0;
  const show = () => {
    const place = document.getElementById("note-time");
    const wave = heard()?.wave;
    if (!place || !wave || document.activeElement === field("note-text")) return;
    began = wave.time;
    place.textContent = length(began, 1);
  };
  document.addEventListener("wave:moved", show);
  document.addEventListener("submit", (event) => {
    const now = heard();
    if (!now || !(/** @type {HTMLElement} */ (event.target).classList.contains("note-form"))) return;
    const isHere = field("note-here")?.checked ?? false;
    for (const [id, value] of [["note-cut", now.cut], ["note-at", Math.round(began * RATE)]]) {
      const hidden = field(`${id}`);
      if (hidden) hidden.value = isHere ? `${value}` : "";
    }
  }, { capture: true }); // before the form is sent
}
