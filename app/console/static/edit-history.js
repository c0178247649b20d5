// @ts-check
// Edits that are being made: every step back and forth, kept in this browser until they are saved, so that nothing is lost
// when a session or a tab ends.

import { areSame } from "./edits.js";
import { forget, keep, read } from "./kept.js";

/** @typedef {import("./edits.js").Edits} Edits */

export class EditHistory {
  /** @type {Edits[]} */
  #states;
  #at = 0;
  #place;

  /**
   * @param {string} name of the draft, such as "segment-3"
   * @param {number} base the number of the cut that the edits were of when they were begun
   * @param {Edits} saved its edits
   */
  constructor(name, base, saved) {
    this.#place = `danpa:edits:${document.body.dataset.person}:${name}`;
    this.base = base;
    this.saved = saved;
    this.#states = [saved];
    /** Whether there was a draft. */
    this.restored = this.#restore();
  }

  get now() {
    return this.#states[this.#at];
  }

  get isChanged() {
    return !areSame(this.now, this.saved);
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#states.length - 1;
  }

  /** @param {Edits} edits */
  push(edits) {
    if (areSame(edits, this.now)) return;
    this.#states = [...this.#states.slice(0, this.#at + 1), edits];
    this.#at += 1;
    this.#keep();
  }

  /** @param {-1 | 1} way */
  step(way) {
    this.#at = Math.min(Math.max(this.#at + way, 0), this.#states.length - 1);
    this.#keep();
  }

  /** These edits are what the station has now, whoever saved them: from here on others are a change. @param {number} base @param {Edits} saved */
  rebase(base, saved) {
    this.base = base;
    this.saved = saved;
    this.#keep();
  }

  #keep() {
    if (!this.isChanged) return forget(this.#place);
    const { base, saved } = this;
    // Where the browser's room is full, without the steps back
    keep(this.#place, { base, saved, states: this.#states, at: this.#at }, { base, saved, states: [this.now], at: 0 });
  }

  #restore() {
    const kept = read(this.#place);
    if (!kept) return false;
    const { base, saved, states, at } = kept;
    if (areSame(states[at], this.saved)) {
      forget(this.#place); // they were saved elsewhere
      return false;
    }
    [this.base, this.saved, this.#states, this.#at] = [base, saved, states, at];
    return true;
  }
}
