// @ts-check
// Which frequency instead: the alternatives of a slot with their reasons, the best first. A person decides.

import { get } from "./api.js";
import { element, khzText } from "./frequencies-words.js";
import { words } from "./words.js";

const AGAIN_MS = 2000; // a worker is still computing signals

/** @typedef {{ place: number, khz: number, is_on_air: boolean, is_cleared: boolean, in_band: boolean, reasons: { code: string, text: string, values: Record<string, any> }[] }} Alternative */

/**
 * Show the advice in `place`, again while signals are being computed and it can be seen.
 * @param {HTMLElement} place @param {{ slot: string, line: string, day: string, free: boolean }} asked @param {(khz: number) => void} choose
 */
export async function showAdvice(place, asked, choose) {
  const { slot, line, day, free } = asked;
  const mine = (place.dataset.asked = JSON.stringify(asked));
  const found = await get(`/api/v1/slots/${slot}/advice?line_id=${line}&date=${day}${free ? "&free=true" : ""}`);
  if (place.dataset.asked !== mine) return;
  const underWay = found.job && found.job.state !== "failed";
  const shown = JSON.stringify([found.alternatives, underWay]);
  if (place.dataset.shown !== shown) {
    // only what is new is drawn: the focus stays on its button while signals are being computed
    place.dataset.shown = shown;
    const list = element("ol", "advice");
    list.append(...found.alternatives.map((/** @type {Alternative} */ one) => alternative(one, choose)));
    place.replaceChildren(...(underWay ? [element("p", "quiet", words("frequencies.js.computing"))] : []), list);
  }
  if (underWay && place.offsetParent) setTimeout(() => showAdvice(place, asked, choose).catch(() => {}), AGAIN_MS);
}

/** @param {Alternative} one @param {(khz: number) => void} choose */
function alternative(one, choose) {
  const item = element("li");
  const head = element("p", "what", khzText(one.khz));
  if (one.is_on_air) head.append(" ", element("span", "chip", words("frequencies.js.on_air")));
  else head.append(" ", button(one, choose));
  const reasons = element("ul", "quiet");
  reasons.append(...one.reasons.map(({ code, text, values }) => element("li", "", reasonText(code, text, values))));
  item.append(head, reasons);
  return item;
}

/** @param {Alternative} one @param {(khz: number) => void} choose */
function button(one, choose) {
  const made = /** @type {HTMLButtonElement} */ (element("button", "", words("frequencies.js.choose")));
  made.type = "button";
  made.setAttribute("aria-label", words("frequencies.js.choose_khz", { khz: khzText(one.khz) }));
  made.addEventListener("click", () => choose(one.khz));
  return made;
}

/** @param {string} code @param {string} text the API's own sentence @param {Record<string, any>} values */
function reasonText(code, text, values) {
  const level = (/** @type {string} */ name) => words(`frequencies.js.level.${name}`);
  const told = { ...values };
  if (told.level) told.level = level(told.level);
  if (told.levels) told.levels = told.levels.split(", ").map(level).join(", ");
  const key = `advice.${code}`;
  const known = words(key, told);
  return known === key ? text : known;
}
