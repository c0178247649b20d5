// @ts-check
// A clock that is not saved yet, kept in this browser with the saved one that it was made from.

/** @typedef {import("./clock-elements.js").Element} Element */
/** @typedef {{ base: string, clock: Element[] }} Draft */

export class ClockDraft {
  /** @param {number} programme */
  constructor(programme) {
    this.place = `danpa:draft:${document.body.dataset.person}:clock-${programme}`;
  }

  /** @returns {Draft | null} */
  read() {
    const kept = localStorage.getItem(this.place);
    return kept ? JSON.parse(kept) : null;
  }

  /** @param {Draft} draft */
  keep(draft) {
    localStorage.setItem(this.place, JSON.stringify(draft));
  }

  forget() {
    localStorage.removeItem(this.place);
  }
}
