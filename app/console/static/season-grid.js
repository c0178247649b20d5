// @ts-check
// The season over time and frequency: our lines as links, everybody else's as a picture behind them. It reads our lines from
// the table beside it, so that what is filtered there is filtered here.

import { element, khzText, spanText } from "./frequencies-words.js";
import { DAY, airs, lengthOf, NOON_KST, ofNight } from "./season-background.js";
import { language } from "./words.js";

/** @typedef {import("./season-background.js").Background} Background */
/** @typedef {{ id: string, khz: number, start: number, stop: number, days: string, first: string, last: string, stands: string, label: string }} OwnLine */

const LOWEST = 2000;
const HIGHEST = 27_000;
const AROUND_KHZ = 60;
const CLOSEST = 8; // pixels for a kHz
const BAR_PX = 24; // a finger's target
const STEP = 1.6;
const LABEL = [0, 3, 4, 2]; // a row's frequency, programme, site and time

export class SeasonGrid extends EventTarget {
  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.root = root;
    const find = (/** @type {string} */ query) => /** @type {HTMLElement} */ (root.querySelector(query));
    this.view = find(".view");
    this.sheet = find(".sheet");
    this.list = find(".ours");
    this.canvas = /** @type {HTMLCanvasElement} */ (find("canvas"));
    this.band = /** @type {HTMLSelectElement} */ (find("#grid-band"));
    this.showsOthers = /** @type {HTMLInputElement} */ (find("#grid-others"));
    this.tonight = /** @type {HTMLInputElement} */ (find("#grid-night"));
    /** @type {Background | null} */
    this.background = null;
    /** @type {[number, number][]} */
    this.bands = [...this.band.options].map(({ value }) => value.split(" ").map(Number)).filter(({ length }) => length === 2).map(([a, b]) => [a, b]);
    /** @type {Map<string, { sign: string, tone: string, text: string }>} */
    this.marks = new Map();
    /** @type {OwnLine[]} */
    this.lines = [];
    this.scale = 1;
    this.drawing = 0;
    this.#showHours();
    this.#listen();
    this.readLines();
    this.fit();
  }

  // ---------------------------------------------------------------- what is shown

  /** Our lines, as the table has them now. */
  readLines() {
    const rows = /** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll("#lines tbody tr[data-khz]"));
    this.lines = [...rows].map(({ id, dataset, cells }) => ({
      id: id.slice("line-".length),
      khz: Number(dataset.khz),
      start: Number(dataset.start),
      stop: Number(dataset.stop),
      days: dataset.days ?? "",
      first: dataset.first ?? "",
      last: dataset.last ?? "",
      stands: dataset.stands ?? "",
      label: LABEL.map((place) => cells[place].textContent?.trim()).join(", "),
    }));
    this.showLines();
  }

  get night() {
    return this.tonight.checked ? (this.root.dataset.tonight ?? null) : null;
  }

  /** Show the band that was chosen, as large as the window has room for. */
  fit() {
    const [low, high] = this.#range();
    const room = this.view.clientHeight;
    this.scale = Math.min(CLOSEST, Math.max(1, room - 2 * BAR_PX) / (high - low));
    this.#lay();
    this.view.scrollTop = (HIGHEST - high) * this.scale - Math.max(0, (room - (high - low) * this.scale) / 2);
    this.draw();
  }

  #range() {
    const chosen = this.band.value.split(" ").map(Number);
    if (chosen.length === 2) return [chosen[0] - 20, chosen[1] + 20];
    const all = this.lines.map(({ khz }) => khz);
    if (this.band.value === "all" || !all.length) return [LOWEST, HIGHEST];
    return [Math.min(...all) - AROUND_KHZ, Math.max(...all) + AROUND_KHZ];
  }

  /** @param {number} by @param {number} [y] the place in the window that stays where it is */
  zoom(by, y = this.view.clientHeight / 2) {
    const smallest = this.view.clientHeight / (HIGHEST - LOWEST);
    const scale = Math.min(CLOSEST, Math.max(smallest, this.scale * by));
    const khz = HIGHEST - (this.view.scrollTop + y) / this.scale;
    this.scale = scale;
    this.#lay();
    this.view.scrollTop = (HIGHEST - khz) * scale - y;
    this.draw();
  }

  #lay() {
    this.sheet.style.height = `${(HIGHEST - LOWEST) * this.scale}px`;
    for (const bar of this.#bars()) bar.parentElement?.style.setProperty("top", `${(HIGHEST - Number(bar.dataset.khz)) * this.scale - BAR_PX / 2}px`);
  }

  /** @returns {HTMLAnchorElement[]} */
  #bars() {
    return [...this.list.querySelectorAll("a")];
  }

  showLines() {
    const focused = document.activeElement?.closest?.(".ours a")?.getAttribute("data-line");
    const night = this.night;
    const shown = this.lines.filter((line) => !night || airs(night, line.start, line.days, (day) => line.first <= day && day <= line.last));
    this.list.replaceChildren(...shown.map((line) => this.#bar(line)));
    const [first] = this.#bars();
    const current = this.#bars().find(({ dataset }) => dataset.line === focused) ?? first;
    if (current) current.tabIndex = 0;
    if (focused) current?.focus();
    this.#lay();
  }

  /** @param {OwnLine} line */
  #bar(line) {
    const mark = this.marks.get(line.id);
    const item = element("li");
    const bar = /** @type {HTMLAnchorElement} */ (element("a", `line-bar ${line.stands} ${mark?.tone ?? ""}`));
    bar.href = `/frequencies/lines/${line.id}`;
    bar.tabIndex = -1;
    bar.dataset.line = line.id;
    bar.dataset.khz = `${line.khz}`;
    bar.setAttribute("aria-label", mark ? `${line.label}. ${mark.text}` : line.label);
    const body = element("span", "body");
    const from = ofNight(line.start);
    const past = Math.max(0, from + lengthOf(line.start, line.stop) - DAY);
    item.style.left = `${(from / DAY) * 100}%`;
    item.style.width = `${((lengthOf(line.start, line.stop) - past) / DAY) * 100}%`;
    const text = element("span", "text");
    if (mark) {
      const sign = element("span", "", `${mark.sign} `);
      sign.setAttribute("aria-hidden", "true");
      text.append(sign);
    }
    text.append(line.khz.toLocaleString("en-GB"));
    bar.append(body, text);
    bar.classList.toggle("late", from > DAY * 0.75);
    item.append(bar);
    return item;
  }

  /** What is wrong with our lines, by their ids. @param {Map<string, { sign: string, tone: string, text: string }>} marks */
  mark(marks) {
    this.marks = marks;
    this.showLines();
  }

  #showHours() {
    const hours = /** @type {HTMLElement} */ (this.root.querySelector(".hours"));
    for (let hour = 0; hour < 24; hour += 3) {
      const [kst, utc] = [(12 + hour) % 24, (3 + hour) % 24].map((each) => `${each}`.padStart(2, "0"));
      const label = element("span");
      const [first, second] = language === "ko" ? [kst, utc] : [utc, kst];
      label.append(element("b", "", first), ` ${second}`);
      label.style.left = `${(hour / 24) * 100}%`;
      hours.append(label);
    }
    hours.append(element("span", "zones", language === "ko" ? "KST / UTC" : "UTC / KST"));
  }

  // ---------------------------------------------------------------- the picture behind

  /** Draw in the next frame, however often it is asked for. */
  draw() {
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      this.#paint();
    });
  }

  #paint() {
    const [width, height, ratio] = [this.view.clientWidth, this.view.clientHeight, devicePixelRatio];
    if (this.canvas.width !== width * ratio || this.canvas.height !== height * ratio) {
      [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
      Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const scrolled = this.view.scrollTop;
    this.#paintScales(context, width, height, scrolled);
    const then = () => this.#paintNumbers(context, width, height, scrolled);
    const colour = getComputedStyle(this.canvas).color;
    const how = { top: HIGHEST, scale: this.scale, scrolled, width, height, night: this.night, colour, then };
    if (this.background && this.showsOthers.checked) this.background.draw(context, how);
    else then();
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {number} scrolled */
  #paintScales(context, width, height, scrolled) {
    const { caretColor, borderTopColor } = getComputedStyle(this.canvas);
    const y = (/** @type {number} */ khz) => (HIGHEST - khz) * this.scale - scrolled;
    context.fillStyle = caretColor;
    for (const [low, high] of this.bands) context.fillRect(0, y(high), width, (high - low) * this.scale);
    context.fillStyle = borderTopColor;
    for (let hour = 3; hour < 24; hour += 3) context.fillRect((hour / 24) * width, 0, 1, height);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {number} scrolled */
  #paintNumbers(context, width, height, scrolled) {
    const { backgroundColor, borderTopColor, color } = getComputedStyle(this.view);
    const y = (/** @type {number} */ khz) => (HIGHEST - khz) * this.scale - scrolled;
    const step = [10, 50, 100, 200, 500, 1000, 2000, 5000].find((each) => each * this.scale >= 28) ?? 5000;
    context.font = "12px system-ui, sans-serif";
    for (let khz = Math.floor((HIGHEST - scrolled / this.scale) / step) * step; y(khz) < height; khz -= step) {
      const text = khz.toLocaleString("en-GB");
      context.fillStyle = borderTopColor;
      context.fillRect(0, y(khz), width, 1);
      context.fillStyle = backgroundColor;
      context.fillRect(0, y(khz) - 15, context.measureText(text).width + 8, 15);
      context.fillStyle = color;
      context.fillText(text, 4, y(khz) - 4);
    }
  }

  // ---------------------------------------------------------------- pointer and keys

  #listen() {
    this.view.addEventListener("scroll", () => this.draw(), { passive: true });
    this.view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientY - this.view.getBoundingClientRect().top);
    }, { passive: false });
    this.view.addEventListener("pointermove", (event) => this.#point(event));
    this.list.addEventListener("focusin", ({ target }) => this.#focused(/** @type {HTMLAnchorElement} */ (target)));
    this.view.addEventListener("keydown", (event) => this.#press(event));
    this.band.addEventListener("change", () => this.fit());
    this.showsOthers.addEventListener("change", () => this.draw());
    this.tonight.addEventListener("change", () => {
      this.showLines();
      this.draw();
    });
    document.getElementById("grid-in")?.addEventListener("click", () => this.zoom(STEP));
    document.getElementById("grid-out")?.addEventListener("click", () => this.zoom(1 / STEP));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.view);
  }

  /** @param {PointerEvent} event */
  #point({ clientX, clientY, target }) {
    const bar = /** @type {Element} */ (target).closest("a.line-bar");
    if (bar instanceof HTMLAnchorElement) return this.#tell(bar);
    const place = this.view.getBoundingClientRect();
    const khz = HIGHEST - (clientY - place.top + this.view.scrollTop) / this.scale;
    const at = Math.floor(((clientX - place.left) / this.view.clientWidth) * DAY);
    const reach = Math.max(3, 5 / this.scale);
    this.dispatchEvent(new CustomEvent("told", { detail: { line: null, khz, at, others: this.others(khz, reach, at, 1) } }));
  }

  /** @param {HTMLAnchorElement} bar */
  #focused(bar) {
    for (const one of this.#bars()) one.tabIndex = one === bar ? 0 : -1;
    const y = (HIGHEST - Number(bar.dataset.khz)) * this.scale;
    const { scrollTop, clientHeight } = this.view;
    if (y < scrollTop + BAR_PX || y > scrollTop + clientHeight - BAR_PX) this.view.scrollTop = y - clientHeight / 2;
    this.#tell(bar);
  }

  /** @param {HTMLAnchorElement} bar */
  #tell(bar) {
    const line = this.lines.find(({ id }) => id === bar.dataset.line);
    if (!line) return;
    const others = this.others(line.khz, 10, ofNight(line.start), lengthOf(line.start, line.stop));
    this.dispatchEvent(new CustomEvent("told", { detail: { line, khz: line.khz, at: ofNight(line.start), others } }));
  }

  /** Everybody else near a frequency at some minutes of the night. @param {number} khz @param {number} reach @param {number} at @param {number} during */
  others(khz, reach, at, during) {
    const { background, night } = this;
    if (!background || !this.showsOthers.checked) return [];
    const [first, end] = background.between(khz - reach, khz + reach + 0.01);
    const found = [];
    for (let row = first; row < end; row++) {
      if (background.covers(row, at, during) && (!night || background.airs(row, night))) found.push(background.described(row));
    }
    return found.sort((a, b) => Math.abs(a.khz - khz) - Math.abs(b.khz - khz));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const bar = /** @type {Element} */ (event.target).closest("a.line-bar");
    if (event.key === "+" || event.key === "=") this.zoom(STEP);
    else if (event.key === "-") this.zoom(1 / STEP);
    else if (bar instanceof HTMLAnchorElement) {
      const next = this.#neighbour(bar, event.key);
      if (next === undefined) return;
      next?.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  }

  /** The line that an arrow leads to; null at the edge, undefined for another key. @param {HTMLAnchorElement} bar @param {string} key */
  #neighbour(bar, key) {
    const shown = new Map(this.#bars().map((each) => [each.dataset.line ?? "", each]));
    const inOrder = (/** @type {(line: OwnLine) => number} */ by) => {
      const sorted = this.lines.filter(({ id }) => shown.has(id));
      return sorted.sort((a, b) => by(a) - by(b) || a.khz - b.khz || Number(a.id) - Number(b.id));
    };
    const byTime = () => inOrder(({ start }) => ofNight(start));
    const byKhz = () => inOrder(({ khz }) => -khz);
    /** @type {Record<string, () => [OwnLine[], number]>} */
    const ways = {
      ArrowRight: () => [byTime(), 1],
      ArrowLeft: () => [byTime(), -1],
      ArrowDown: () => [byKhz(), 1],
      ArrowUp: () => [byKhz(), -1],
      Home: () => [byTime(), -Infinity],
      End: () => [byTime(), Infinity],
    };
    if (!(key in ways)) return undefined;
    const [lines, by] = ways[key]();
    const place = lines.findIndex(({ id }) => id === bar.dataset.line);
    const to = lines[Math.min(lines.length - 1, Math.max(0, place + by))];
    return shown.get(to?.id) ?? null;
  }
}

/** A frequency and a time of the night, for who points at them. @param {number} khz @param {number} at */
export const placeText = (khz, at) => `${khzText(Math.round(khz))} · ${spanText((at + NOON_KST) % DAY, (at + NOON_KST) % DAY).split("–")[0]}`;
