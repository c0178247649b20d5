// @ts-check
// A segment heard before and after: the recording as it came, its edits before they are cut, and every cut of it, each at
// the same place of the recording.

import { editsOf, inCut, inRecording, passedOver, RATE, regionsOf } from "./edits.js";
import { attachWaveform } from "./waveform.js";
import { length, words } from "./words.js";

/**
 * @typedef {import("./edits.js").Edits} Edits
 * @typedef {{ number: number, state: string, edits: Record<string, any>, whole: boolean, joins: number[], samples: number | null, by: string | null, problem: { type: string, detail: string } | null }} CutOf
 * @typedef {{ id: number, title: string, revision: number, samples: number, cue_in: number, cue_out: number, cut: number, editable: boolean, cuts: CutOf[], notes: { id: number, cut: number, at: number, text: string }[] }} SegmentOf
 *
 * What is heard: 0 is the recording as it came, "preview" the same without what its edits take away, a number that cut.
 * @typedef {number | "preview"} Side
 */

const JOINS_SHOWN = 40;

export class Listening {
  /** @type {Side} */
  side = 0;
  /** The other one, for the key that goes back and forth. @type {Side} */
  other = "preview";

  /** @param {SegmentOf} segment @param {Edits} edits those that are being made */
  constructor(segment, edits) {
    this.segment = segment;
    this.edits = edits;
    this.places = /** @type {HTMLElement} */ (document.getElementById("sides"));
    this.joins = /** @type {HTMLElement} */ (document.getElementById("joins"));
    const newest = this.#cut(segment.cut);
    if (newest && newest.state === "ready" && !newest.whole) [this.side, this.other] = [newest.number, 0];
    this.wave = attachWaveform(/** @type {HTMLElement} */ (document.getElementById("wave")), {
      label: segment.title,
      sound: this.#sound(this.side),
      choosing: segment.editable,
    });
    this.#showAll();
  }

  /** What the station has now. @param {SegmentOf} segment */
  renew(segment) {
    this.segment = segment;
    if (typeof this.side === "number" && this.side && this.#cut(this.side)?.state !== "ready") this.show(0);
    this.#showAll();
  }

  /** Other edits are being made. @param {Edits} edits */
  edit(edits) {
    this.edits = edits;
    this.#showAll();
  }

  /** Hear another side, at the same place of the recording unless `at` says which sample of it. @param {Side} side @param {number} [at] */
  show(side, at) {
    const place = at ?? this.fromRecording(side, this.inRecording(this.wave.time * RATE));
    const sound = this.#sound(side);
    if (side !== this.side) [this.other, this.side] = [this.side, side];
    if (sound.audio === this.wave.sound.audio) {
      if (at !== undefined) this.wave.seek(place / RATE);
    } else {
      this.wave.choose(null);
      this.wave.show(sound, place / RATE);
    }
    this.#showAll();
  }

  /** Back and forth. */
  swap() {
    this.show(this.other);
  }

  /** Which sample of the recording is heard at a sample of what is shown. @param {number} sample @param {Side} [side] */
  inRecording(sample, side = this.side) {
    const cut = this.#cut(side);
    return Math.round(cut && !cut.whole ? inRecording(editsOf(cut.edits, this.segment), sample) : sample);
  }

  /** The other way round. @param {Side} side @param {number} sample */
  fromRecording(side, sample) {
    const cut = this.#cut(side);
    return cut && !cut.whole ? inCut(editsOf(cut.edits, this.segment), sample) : sample;
  }

  /** Which cut that is, for a note: 0 is the recording. */
  get cut() {
    return typeof this.side === "number" ? this.side : 0;
  }

  /** @param {Side} side */
  #cut(side) {
    return this.segment.cuts.find(({ number }) => number === side);
  }

  /** @param {Side} side @returns {import("./waveform.js").Sound} */
  #sound(side) {
    const cut = this.#cut(side);
    const [path, which] = [`/api/v1/segments/${this.segment.id}`, `?cut=${cut ? cut.number : 0}`];
    return { audio: `${path}/audio${which}`, peaks: `${path}/peaks${which}`, length: (cut?.samples ?? this.segment.samples) / RATE };
  }

  #showAll() {
    const isRecording = typeof this.side !== "number" || this.side === 0;
    const cut = this.#cut(this.side);
    this.wave.player.passed = this.side === "preview" ? passedOver(this.edits, this.segment) : [];
    this.wave.set({
      regions: isRecording ? regionsOf(this.edits, this.segment) : [],
      marks: [...this.#notes(), ...(cut?.joins ?? []).map((at) => ({ at: at / RATE, kind: /** @type {const} */ ("join") }))],
    });
    this.#showSides();
    this.#showJoins(cut?.joins ?? []);
  }

  #notes() {
    return this.segment.notes.map(({ cut, at, text }) => ({
      at: (cut === this.side ? at : this.fromRecording(this.side, this.inRecording(at, cut))) / RATE,
      kind: /** @type {const} */ ("note"),
      label: text,
    }));
  }

  #showSides() {
    /** @type {[Side, string][]} */
    const sides = [[0, words("segments.js.side.recording")]];
    if (this.segment.editable) sides.push(["preview", words("segments.js.side.preview")]);
    for (const { number, state, whole } of this.segment.cuts) {
      if (state === "ready" && !whole) sides.push([number, words("segments.js.side.cut", { number })]);
    }
    const shown = JSON.stringify([sides, this.side, this.other]);
    if (this.places.dataset.shown === shown) return;
    this.places.dataset.shown = shown;
    const focused = this.places.contains(document.activeElement);
    const buttons = sides.map(([side, name]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-pressed", `${side === this.side}`);
      button.addEventListener("click", () => this.show(side));
      return button;
    });
    const key = document.createElement("span");
    key.className = "quiet";
    key.textContent = words("segments.js.side.key");
    const group = document.createElement("div");
    group.className = "sides";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words("segments.js.side"));
    group.append(...buttons, key);
    this.places.replaceChildren(group);
    if (focused) buttons[sides.findIndex(([side]) => side === this.side)]?.focus();
  }

  /** @param {number[]} joins */
  #showJoins(joins) {
    const shown = JSON.stringify([this.side, joins]);
    if (this.joins.dataset.shown === shown) return;
    this.joins.dataset.shown = shown;
    this.joins.replaceChildren(
      ...joins.slice(0, JOINS_SHOWN).map((at) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = words("segments.js.join", { time: length(at / RATE, 1) });
        button.addEventListener("click", () => this.wave.listenAround(at / RATE));
        return button;
      }),
    );
  }
}
