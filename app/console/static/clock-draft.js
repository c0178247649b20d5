// @ts-check
// A clock that is not saved yet, kept in this browser with the saved one that it was made from.

import { forget, keep, read } from "./kept.js";

/** @typedef {import("./clock-elements.js").Element} Element */
/** @typedef {{ base: string, clock: Element[] }} Draft */

export class ClockDraft {
  /** @param {number} programme */
  constructor(programme) {
    this.place = `danpa:draft:${document.body.dataset.person}:clock-${programme}`;
  }

  /** @returns {Draft | null} */
  read() {
    return read(this.place);
  }

  /** @param {Draft} draft */
  keep(draft) {
    keep(this.place, draft);
  }

  forget() {
    forget(this.place);
  }
}
