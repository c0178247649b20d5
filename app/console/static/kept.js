// @ts-check
// What this browser keeps of what people do. Where it has no room, or may keep nothing, all goes on without.

import { tellOnce } from "./telling.js";
import { words } from "./words.js";

/** What is kept at a place; null where nothing is. @param {string} place @returns {any} */
export function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} place @param {unknown} value @returns {boolean} whether it is kept */
export function write(place, value) {
  try {
    localStorage.setItem(place, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** Keep what is not saved yet: the first of these values that there is room for. @param {string} place @param {...unknown} values */
export function keep(place, ...values) {
  if (!values.some((value) => write(place, value))) tellOnce(words("js.not_kept"));
}

/** All places where something is kept. @returns {string[]} */
export function places() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

/** @param {string} place */
export function forget(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // a browser that may keep nothing has nothing to forget
  }
}
