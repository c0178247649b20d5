// @ts-check
// Edits that are being made: every step back and forth, kept in this browser until they are saved, so that nothing is lost
// when a session or a tab ends.

import { areSame } from "./edits.js";

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
    if (!this.isChanged) return localStorage.removeItem(this.#place);
    const { base, saved } = this;
    try {
      localStorage.setItem(this.#place, JSON.stringify({ base, saved, states: this.#states, at: this.#at }));
    } catch {
      // The browser's room is full: then without the steps back
      localStorage.setItem(this.#place, JSON.stringify({ base, saved, states: [this.now], at: 0 }));
    }
  }

  #restore() {
    const kept = localStorage.getItem(this.#place);
    if (!kept) return false;
    const { base, saved, states, at } = JSON.parse(kept);
    if (areSame(states[at], this.saved)) {
      localStorage.removeItem(this.#place); // they were saved elsewhere
      return false;
    }
    [this.base, this.saved, this.#states, this.#at] = [base, saved, states, at];
    return true;
  }
}
