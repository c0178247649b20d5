// @ts-check
// How frequencies, times of day and weekdays read.

import { language, time, words } from "./words.js";

const DAY = 1440;
const KST = 540;

/** @param {number} khz */
export const khzText = (khz) => `${khz.toLocaleString("en-GB", { maximumFractionDigits: 1 })} kHz`;

/** @param {number} minute */
const clock = (minute) => {
  const of = ((minute % DAY) + DAY) % DAY;
  return `${`${Math.floor(of / 60)}`.padStart(2, "0")}:${`${of % 60}`.padStart(2, "0")}`;
};

/** A span of the day in both zones, the reader's own first. @param {number} start @param {number} stop minutes of the UTC day */
export function spanText(start, stop) {
  const utc = `${clock(start)}–${stop === DAY ? "24:00" : clock(stop)} UTC`;
  const kst = `${clock(start + KST)}–${clock(stop + KST)} KST`;
  return language === "ko" ? `${kst} (${utc})` : `${utc} (${kst})`;
}

/** UTC start days. @param {string} digits ISO, 1 is Monday */
export function daysText(digits) {
  if (digits.length === 7) return words("frequencies.js.daily");
  const names = words("frequencies.js.weekdays").split(" ");
  return `${[...digits].map((digit) => names[Number(digit) - 1]).join("·")} (UTC)`;
}

/** "2030" as minutes. @param {string} hhmm */
export const minuteOf = (hhmm) => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(2));

/** How much something matters: a sign, a word's key and a colour. @type {Record<string, { sign: string, tone: string }>} */
export const SEVERITIES = {
  error: { sign: "✕", tone: "bad" },
  warning: { sign: "!", tone: "warn" },
  information: { sign: "i", tone: "busy" },
};

/** @param {string} severity @param {string} text */
export function chip(severity, text) {
  const { sign, tone } = SEVERITIES[severity];
  const made = element("span", `chip ${tone}`);
  const mark = element("span", "", sign);
  mark.setAttribute("aria-hidden", "true");
  made.append(mark, ` ${text}`);
  return made;
}

/** @param {string} name @param {string} [className] @param {string} [text] @returns {HTMLElement} */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** @param {string} href @param {string} text */
export function link(href, text) {
  const made = /** @type {HTMLAnchorElement} */ (element("a", "", text));
  made.href = href;
  return made;
}

/** An instant with its date, in both zones, the reader's own first. @param {string} at */
export function dateTime(at) {
  const timeZone = language === "ko" ? "Asia/Seoul" : "UTC";
  return `${new Date(at).toLocaleDateString("sv-SE", { timeZone })} ${time(at)}`;
}
