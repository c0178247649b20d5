// @ts-check
// What sounds like a segment, heard beside it at the place that they share.

import { get } from "./api.js";
import { tellFailure } from "./telling.js";
import { attachWaveform } from "./waveform.js";
import { length, words } from "./words.js";

/** @typedef {{ segment_id: number, title: string, state: string, duration_s: number | null, shared_s: number, of_this: number, of_other: number, at_s: number, offset_s: number }} Alike */

/** @param {number} id */
const soundOf = (id) => ({ audio: `/api/v1/segments/${id}/audio?cut=0`, peaks: `/api/v1/segments/${id}/peaks?cut=0` });

/** @type {import("./waveform.js").Waveform | undefined} */
let wave;

/** @param {{ id: number, title: string }} segment @param {() => void} quiet silences what else plays */
export async function showAlike(segment, quiet) {
  const place = /** @type {HTMLElement} */ (document.getElementById("alike-found"));
  place.textContent = words("segments.js.alike.looking");
  try {
    const { items, not_compared } = await get(`/api/v1/segments/${segment.id}/alike`);
    const list = document.createElement("ul");
    list.className = "rows";
    list.append(...items.map((/** @type {Alike} */ one) => row(segment, one, quiet)));
    const told = document.createElement("p");
    told.className = "quiet";
    told.textContent = [items.length ? "" : words("segments.js.alike.none"), not_compared ? words("segments.js.alike.not_compared", { count: not_compared }) : ""].join(" ");
    place.replaceChildren(list, told);
  } catch (error) {
    place.textContent = "";
    tellFailure(error);
  }
}

/** @param {{ id: number, title: string }} segment @param {Alike} one @param {() => void} quiet */
function row(segment, one, quiet) {
  const element = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/library/${one.segment_id}`;
  link.textContent = one.title;
  const state = document.createElement("span");
  state.className = "chip";
  state.textContent = words(`segments.js.state.${one.state}`);
  const shared = document.createElement("p");
  shared.className = "quiet";
  shared.textContent = words("segments.js.alike.shared", { seconds: Math.round(one.shared_s), percent: Math.round(one.of_this * 100), other: Math.round(one.of_other * 100) });
  const actions = document.createElement("p");
  actions.className = "actions";
  actions.append(
    button(words("segments.js.alike.this", { time: length(one.at_s, 1) }), () => hear(segment.id, segment.title, one.at_s, quiet)),
    button(words("segments.js.alike.other", { time: length(one.at_s + one.offset_s, 1) }), () => hear(one.segment_id, one.title, one.at_s + one.offset_s, quiet)),
  );
  element.append(link, " ", state, shared, actions);
  return element;
}

/** @param {string} text @param {() => void} act */
function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

/** @param {number} id @param {string} label @param {number} at @param {() => void} quiet */
function hear(id, label, at, quiet) {
  quiet();
  wave?.detach();
  wave = attachWaveform(/** @type {HTMLElement} */ (document.getElementById("alike-wave")), { label, sound: soundOf(id) });
  wave.play(at);
}
