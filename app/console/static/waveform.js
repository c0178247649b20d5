// @ts-check
// A sound that is seen, heard and marked.
//
//   const wave = attachWaveform(element, {                 // an empty element with `data-keep` and an id
//     label: "아침 뉴스",                                    // what it is, for those who do not see it
//     sound: { audio: "/api/v1/segments/3/audio?cut=2", peaks: "/api/v1/segments/3/peaks?cut=2", length: 300.0 },
//     marks: [{ at: 12.5, kind: "join" }],                 // kind "note" likewise; all times are seconds
//     choosing: true,                                      // whether stretches may be chosen in it
//   });
//   wave.listenAround(12.5);                               // 3 seconds before to 3 seconds after: a join
//   element.addEventListener("wave:chosen", () => wave.chosen);
//
// `peaks` is null where there is no waveform: then only its marks are drawn. Events of the element: "wave:moved" (time,
// playing), "wave:chosen" (the stretch). The page needs waveform.css and the messages "wave.js.".
//
// Keys: space plays and pauses; arrows 1 s, with Shift 0.1 s; Page up and down 10 s; Home, End; J to the next mark; [ and ]
// the beginning and the end of the chosen stretch, Escape none; + and - zoom.

import { get } from "./api.js";
import { tellFailure } from "./telling.js";
import { coloursOf, draw } from "./wave-drawing.js";
import { Player } from "./wave-sound.js";
import { length, words } from "./words.js";

/** @typedef {import("./wave-drawing.js").Peaks} Peaks @typedef {import("./wave-drawing.js").Region} Region @typedef {import("./wave-drawing.js").Mark} Mark */
/** @typedef {{ audio: string, peaks: string | null, length?: number | null }} Sound */
/** @typedef {{ start: number, end: number }} Stretch */

const MOST_POINTS = 2000; // of the whole; a closer look has its own
const CLOSEST_S = 2; // so many seconds fill the window at the closest
const AROUND_S = 3;
const EDGE_PX = 8; // so near to an edge of the chosen stretch, it is the edge that is dragged
const DRAG_PX = 4; // less is a click
const RATES = [1, 1.25, 1.5, 2];

const FRAME = `
<div class="wave-scroll"><div class="wave-wide"><div class="wave-window">
  <canvas aria-hidden="true"></canvas><div class="wave-head"></div>
  <div class="wave-slider" role="slider" tabindex="0" aria-valuemin="0"></div>
</div></div></div>
<div class="wave-bar">
  <button type="button" class="wave-play"></button>
  <span class="wave-time"></span>
  <select class="wave-rate"></select>
  <span class="wave-zoom"><button type="button" data-zoom="0.5">−</button><button type="button" data-zoom="0">↔</button><button type="button" data-zoom="2">+</button></span>
</div>`;

/** @param {HTMLElement} element @param {{ label: string, sound: Sound, marks?: Mark[], regions?: Region[], choosing?: boolean }} what */
export function attachWaveform(element, what) {
  return new Waveform(element, what);
}

export class Waveform {
  /** @type {Stretch | null} */
  #chosen = null;
  /** @type {Region[]} */
  #regions = [];
  /** @type {Mark[]} */
  #marks = [];
  /** @type {Peaks | null} */
  #overview = null;
  /** @type {Peaks | null} */
  #close = null;
  #zoom = 1;
  /** @type {AbortController | undefined} */
  #fetching;
  #planned = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #closer;
  /** @type {Record<string, string> | undefined} */
  #colours;
  #ends = new AbortController();
  #shown = "";

  /** @param {HTMLElement} element @param {{ label: string, sound: Sound, marks?: Mark[], regions?: Region[], choosing?: boolean }} what */
  constructor(element, { label, sound, marks = [], regions = [], choosing = false }) {
    this.element = element;
    this.choosing = choosing;
    element.classList.add("wave");
    element.innerHTML = FRAME;
    const find = (/** @type {string} */ name) => /** @type {any} */ (element.querySelector(name));
    /** @type {HTMLCanvasElement} */ this.canvas = find("canvas");
    /** @type {HTMLElement} */ this.scroll = find(".wave-scroll");
    /** @type {HTMLElement} */ this.wide = find(".wave-wide");
    /** @type {HTMLElement} */ this.window = find(".wave-window");
    /** @type {HTMLElement} */ this.head = find(".wave-head");
    /** @type {HTMLElement} */ this.slider = find(".wave-slider");
    /** @type {HTMLButtonElement} */ this.button = find(".wave-play");
    /** @type {HTMLElement} */ this.text = find(".wave-time");
    /** @type {HTMLSelectElement} */ this.rates = find(".wave-rate");
    this.player = new Player(() => this.#moved());
    this.sound = sound;
    this.#name(label);
    this.#listen();
    this.set({ marks, regions });
    this.show(sound);
  }

  // ---------------------------------------------------------------- what is heard

  get time() {
    return this.player.time;
  }

  get length() {
    return this.#overview ? this.#overview.samples / this.#overview.rate : (this.sound.length ?? this.player.length);
  }

  get playing() {
    return this.player.playing;
  }

  /** Another sound in the place of this one, at a place in it; what plays goes on playing. @param {Sound} sound @param {number} [at] */
  show(sound, at = 0) {
    this.sound = sound;
    this.#overview = this.#close = null;
    this.player.take(sound.audio, at);
    this.#fetch();
    this.#moved();
    this.redraw();
  }

  /** @param {number} [from] @param {number} [until] */
  play(from, until) {
    this.player.play(from, until);
  }

  toggle() {
    if (this.playing) this.player.pause();
    else this.player.play(this.time >= this.length - 0.05 ? 0 : undefined);
  }

  /** @param {number} at */
  seek(at) {
    this.player.seek(Math.min(Math.max(at, 0), this.length));
    this.#reveal();
  }

  /** A join, or any other place: from 3 seconds before to 3 seconds after. @param {number} at @param {number} [end] where what is leapt over ends */
  listenAround(at, end = at) {
    this.player.play(Math.max(at - AROUND_S, 0), Math.min(end + AROUND_S, this.length || Infinity));
    this.#reveal();
  }

  // ---------------------------------------------------------------- what is seen and chosen

  get chosen() {
    return this.#chosen;
  }

  /** @param {Stretch | null} stretch */
  choose(stretch) {
    const limit = (/** @type {number} */ at) => Math.min(Math.max(at, 0), this.length);
    this.#chosen = stretch && { start: limit(Math.min(stretch.start, stretch.end)), end: limit(Math.max(stretch.start, stretch.end)) };
    this.redraw();
    this.element.dispatchEvent(new CustomEvent("wave:chosen", { bubbles: true }));
  }

  /** @param {{ marks?: Mark[], regions?: Region[] }} what */
  set({ marks, regions }) {
    this.#marks = marks ?? this.#marks;
    this.#regions = regions ?? this.#regions;
    this.redraw();
  }

  /** So many times as wide as its window; what is at `at` stays where it is. @param {number} zoom @param {number} [at] */
  zoom(zoom, at = this.time) {
    const { from, to } = this.#view();
    const place = at >= from && at <= to ? (at - from) / (to - from) : 0.5;
    this.#zoom = Math.min(Math.max(zoom, 1), Math.max(this.length / CLOSEST_S, 1));
    this.wide.style.width = `${this.#zoom * 100}%`;
    this.slider.classList.toggle("scrolls", this.#zoom > 1 || !this.choosing);
    this.scroll.scrollLeft = (at / (this.length || 1)) * this.wide.clientWidth - place * this.scroll.clientWidth;
    this.redraw();
    this.#fetchCloser();
  }

  /** Draw it anew with the next frame, however many ask for it. */
  redraw() {
    this.#planned ||= requestAnimationFrame(() => {
      this.#planned = 0;
      this.window.style.width = `${this.scroll.clientWidth}px`;
      this.#colours ??= coloursOf(this.element);
      const regions = this.#chosen ? [...this.#regions, { ...this.#chosen, kind: "chosen" }] : this.#regions;
      draw(this.canvas, this.#colours, { view: this.#view(), peaks: this.#finest(), regions, marks: this.#marks });
      this.#placeHead();
    });
  }

  /** Silence, and it listens no more. */
  detach() {
    this.#ends.abort();
    this.#fetching?.abort();
    this.player.close();
    this.element.replaceChildren();
  }

  /** @returns {import("./wave-drawing.js").View} */
  #view() {
    const whole = this.length || 1;
    const from = (this.scroll.scrollLeft / (this.wide.clientWidth || 1)) * whole;
    return { from, to: from + whole / this.#zoom, length: whole };
  }

  /** What is nearest to what is seen: the closer look where it holds all of it. */
  #finest() {
    const { from, to } = this.#view();
    const close = this.#close;
    if (!close) return this.#overview;
    const begins = close.first_sample / close.rate;
    const ends = begins + (close.pairs.length * close.samples_per_pair) / close.rate;
    return begins <= from + 0.02 && ends >= Math.min(to, this.length) - 0.02 ? close : this.#overview;
  }

  async #fetch() {
    this.#fetching?.abort();
    const mine = (this.#fetching = new AbortController());
    if (!this.sound.peaks) return;
    try {
      const points = Math.min(Math.round(this.scroll.clientWidth * devicePixelRatio) || 1000, MOST_POINTS);
      const peaks = await get(`${this.sound.peaks}${this.sound.peaks.includes("?") ? "&" : "?"}points=${points}`, { signal: mine.signal });
      this.#overview = peaks;
      this.zoom(this.#zoom);
      this.#moved();
    } catch (error) {
      if (!mine.signal.aborted) tellFailure(error);
    }
  }

  /** Fetch what is seen in as many points as it has, once it rests. */
  #fetchCloser() {
    clearTimeout(this.#closer);
    if (this.#zoom <= 1.5 || !this.sound.peaks || !this.#overview) return;
    this.#closer = setTimeout(async () => {
      const { from, to } = this.#view();
      const half = (to - from) / 2; // beyond it on both sides, for scrolling
      const [first, end] = [Math.max(from - half, 0), Math.min(to + half, this.length)].map((at) => Math.round(at * 48_000));
      const points = Math.min(Math.round(this.scroll.clientWidth * devicePixelRatio * 2), 10_000);
      const sound = this.sound;
      const address = `${sound.peaks}${sound.peaks?.includes("?") ? "&" : "?"}first_sample=${first}&end_sample=${end}&points=${points}`;
      const close = await get(address, { signal: this.#fetching?.signal }).catch(() => null); // the overview is there
      if (sound !== this.sound || !close) return;
      this.#close = close;
      this.redraw();
    }, 120);
  }

  // ---------------------------------------------------------------- the time, as place and as text

  #moved() {
    const { time, playing } = this.player;
    const shown = `${length(time, 1)} / ${length(this.length, 1)}`;
    if (shown !== this.#shown) {
      this.text.textContent = this.#shown = shown;
      this.slider.setAttribute("aria-valuemax", this.length.toFixed(1));
      this.slider.setAttribute("aria-valuenow", time.toFixed(1));
      this.slider.setAttribute("aria-valuetext", words("wave.js.at", { time: length(time, 1), length: length(this.length, 1) }));
    }
    if (this.button.dataset.playing !== `${playing}`) {
      this.button.dataset.playing = `${playing}`;
      this.button.textContent = `${playing ? "❚❚" : "▶"} ${words(playing ? "wave.js.pause" : "wave.js.play")}`;
    }
    if (playing) this.#reveal();
    this.#placeHead();
    this.element.dispatchEvent(new CustomEvent("wave:moved", { bubbles: true }));
  }

  #placeHead() {
    const { from, to } = this.#view();
    this.head.style.transform = `translateX(${((this.time - from) / (to - from)) * this.scroll.clientWidth}px)`;
  }

  /** Scroll to where it is, when it has left the window. */
  #reveal() {
    const { from, to, length: whole } = this.#view();
    if (this.#zoom > 1 && (this.time < from || this.time > to)) this.scroll.scrollLeft = ((this.time - (to - from) * 0.1) / whole) * this.wide.clientWidth;
  }

  // ---------------------------------------------------------------- hands

  /** @param {string} label */
  #name(label) {
    this.slider.setAttribute("aria-label", words("wave.js.label", { name: label }));
    this.slider.title = words(this.choosing ? "wave.js.keys.choosing" : "wave.js.keys");
    this.rates.setAttribute("aria-label", words("wave.js.rate"));
    this.rates.replaceChildren(...RATES.map((rate) => new Option(`${rate}×`, `${rate}`)));
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-zoom]"))) {
      const name = { 0.5: "out", 0: "fit", 2: "in" }[Number(button.dataset.zoom)];
      button.setAttribute("aria-label", button.title = words(`wave.js.zoom.${name}`));
      button.addEventListener("click", () => this.zoom(this.#zoom * Number(button.dataset.zoom)));
    }
  }

  #listen() {
    const { signal } = this.#ends;
    this.button.addEventListener("click", () => this.toggle());
    this.rates.addEventListener("change", () => (this.player.rate = Number(this.rates.value)));
    this.slider.addEventListener("keydown", (event) => this.key(event) && event.preventDefault());
    this.slider.addEventListener("pointerdown", (event) => this.#press(event));
    this.scroll.addEventListener("scroll", () => {
      this.redraw();
      this.#fetchCloser();
    });
    this.scroll.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(this.#zoom * (event.deltaY < 0 ? 1.25 : 0.8), this.#timeAt(event));
    });
    const seen = new ResizeObserver(() => this.redraw());
    seen.observe(this.scroll);
    signal.addEventListener("abort", () => seen.disconnect());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#colours = undefined;
      this.redraw();
    }, { signal });
  }

  /** What a key does here; whether it does something. @param {KeyboardEvent} event */
  key({ key, shiftKey, ctrlKey, metaKey, altKey }) {
    if (ctrlKey || metaKey || altKey) return false;
    const step = shiftKey ? 0.1 : 1;
    const [start, end] = [this.#chosen?.start ?? 0, this.#chosen?.end ?? this.length];
    /** @type {Record<string, () => void>} */
    const acts = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.seek(this.time - step),
      ArrowRight: () => this.seek(this.time + step),
      ArrowDown: () => this.seek(this.time - step),
      ArrowUp: () => this.seek(this.time + step),
      PageUp: () => this.seek(this.time + 10),
      PageDown: () => this.seek(this.time - 10),
      Home: () => this.seek(0),
      End: () => this.seek(this.length),
      j: () => this.seek(this.#marks.map(({ at }) => at).sort((one, two) => one - two).find((at) => at > this.time + 0.05) ?? this.time),
      "+": () => this.zoom(this.#zoom * 2),
      "-": () => this.zoom(this.#zoom / 2),
    };
    if (this.choosing) {
      acts["["] = () => this.choose({ start: this.time, end: Math.max(end, this.time) });
      acts["]"] = () => this.choose({ start: Math.min(start, this.time), end: this.time });
      acts.Escape = () => this.choose(null);
    }
    const act = acts[key.length === 1 ? key.toLowerCase() : key];
    act?.();
    return act !== undefined;
  }

  /** @param {{ clientX: number }} event */
  #timeAt({ clientX }) {
    const { from, to } = this.#view();
    const box = this.scroll.getBoundingClientRect();
    return Math.min(Math.max(from + ((clientX - box.left) / box.width) * (to - from), 0), this.length);
  }

  /** A click plays from there; a drag chooses a stretch, or moves an edge of the one that is chosen. @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    const began = { x: event.clientX, at: this.#timeAt(event) };
    let fixed = began.at;
    let dragged = false;
    if (this.choosing && this.#chosen) {
      const { from, to } = this.#view();
      const near = (EDGE_PX / this.scroll.clientWidth) * (to - from);
      const { start, end } = this.#chosen;
      if (Math.abs(began.at - start) < near) fixed = end;
      else if (Math.abs(began.at - end) < near) fixed = start;
    }
    const drag = (/** @type {PointerEvent} */ moved) => {
      dragged ||= Math.abs(moved.clientX - began.x) > DRAG_PX;
      if (!dragged) return;
      if (this.choosing) this.choose({ start: fixed, end: this.#timeAt(moved) });
      else this.seek(this.#timeAt(moved));
    };
    const over = new AbortController();
    const release = () => {
      over.abort();
      if (!dragged) this.play(began.at);
    };
    this.slider.setPointerCapture(event.pointerId);
    this.slider.addEventListener("pointermove", drag, { signal: over.signal });
    this.slider.addEventListener("pointerup", release, { signal: over.signal });
    this.slider.addEventListener("pointercancel", () => over.abort(), { signal: over.signal });
  }
}
