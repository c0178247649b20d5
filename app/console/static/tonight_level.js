// @ts-check
// The level of what goes out just now, for those who do not listen: the peaks of the programme's file, at the place where the
// air is in it. It says what the station sends, not what a transmitter made of it.
//
// An element has `data-level-of`, where its peaks are, and `data-begin`, when the file's first sample is on the air.

import { serverNow } from "./shell.js";
import { Meter } from "./tonight_meter.js";

/** @typedef {{ samples: number, rate: number, samples_per_pair: number, first_sample: number, pairs: [number, number][], joins: number[] }} Peaks */

const DRAW_MS = 100;
const WINDOW_S = 60; // so much is asked for at once
const PAIRS_PER_S = 20;
const AHEAD_S = 5; // what comes next is here before it is needed
const AGAIN_MS = 30_000; // where there is none: it is not drawn yet, or was cleared away

class Sent {
  /** @type {Peaks | undefined} */
  #peaks;
  #askAt = 0; // of performance.now()
  #meter;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.#meter = new Meter(element);
  }

  /** @param {number} now */
  show(now) {
    const second = (serverNow() - Date.parse(this.element.dataset.begin ?? "")) / 1000;
    const [from, to] = this.#within();
    if ((second < from || second >= to - AHEAD_S) && now >= this.#askAt) this.#ask(now, second);
    const pairs = second >= from && second < to ? this.#at(second) : [];
    if (!pairs.length) return this.#meter.clear();
    const peak = Math.max(...pairs.flat().map(Math.abs)) / 127;
    this.#meter.show(now, peak, peak);
  }

  /** The seconds that are known. @returns {[number, number]} */
  #within() {
    if (!this.#peaks) return [0, 0];
    const { first_sample, samples_per_pair, pairs, rate } = this.#peaks;
    return [first_sample / rate, (first_sample + pairs.length * samples_per_pair) / rate];
  }

  /** What was on in the moment that is drawn. @param {number} second */
  #at(second) {
    if (!this.#peaks) return [];
    const { first_sample, samples_per_pair, pairs, rate } = this.#peaks;
    const place = (/** @type {number} */ s) => Math.floor((s * rate - first_sample) / samples_per_pair);
    return pairs.slice(Math.max(0, place(second - DRAW_MS / 1000)), place(second) + 1);
  }

  /** @param {number} now @param {number} second */
  async #ask(now, second) {
    this.#askAt = Infinity;
    const rate = 48_000; // of every waveform
    const window = { points: WINDOW_S * PAIRS_PER_S, first_sample: Math.floor(second * rate), end_sample: Math.floor((second + WINDOW_S) * rate) };
    const more = new URLSearchParams(Object.entries(window).map(([name, value]) => [name, `${value}`]));
    try {
      // By itself: what only looks asks nobody to sign in again
      const answer = await fetch(`${this.element.dataset.levelOf}&${more}`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const data = /** @type {Peaks} */ (await answer.json());
      if (!data.joins.length) return; // something precedes the programme in it: its places are not the air's
      const isOver = data.first_sample + data.pairs.length * data.samples_per_pair >= data.samples;
      [this.#peaks, this.#askAt] = [data, isOver ? Infinity : now];
    } catch {
      this.#askAt = now + AGAIN_MS; // a meter that is not there says enough
    }
  }
}

/** @type {WeakMap<HTMLElement, Sent>} */
const known = new WeakMap();

setInterval(() => {
  if (document.hidden) return;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-level-of]"))) {
    const sent = known.get(element) ?? new Sent(element);
    known.set(element, sent);
    sent.show(performance.now());
  }
}, DRAW_MS);
