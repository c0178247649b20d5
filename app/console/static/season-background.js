// @ts-check
// Everybody else's lines of a season: some ten thousand, in columns, found by frequency and drawn in slices.

import { get } from "./api.js";

export const DAY = 1440;

/** A night begins at noon in Seoul, which is 03:00 UTC: there the chart begins, so that no night is cut. */
export const NOON_KST = 180;

const SLICE_MS = 8; // a frame has 16: what is left belongs to who scrolls
const ROWS_AT_ONCE = 256;
const CHANNEL_KHZ = 5; // half of what a transmission occupies, so that neighbours on the next channel stay apart

/** Where a UTC minute lies in a night. @param {number} minute */
export const ofNight = (minute) => (minute - NOON_KST + DAY) % DAY;

/** @param {number} start @param {number} stop */
export const lengthOf = (start, stop) => ((stop - start - 1 + DAY) % DAY) + 1;

/** @param {string} date @param {string | number} since */
const daysSince = (date, since) => Math.round((Date.parse(date) - Date.parse(`${since}`)) / 86_400_000);

/**
 * Whether a line is on the air in a night: what starts after midnight UTC, before the night's end, starts on the next UTC day.
 * @param {string} night @param {number} start @param {string} days @param {(day: string) => boolean} isWithin
 */
export function airs(night, start, days, isWithin) {
  const day = new Date(Date.parse(night) + (start < NOON_KST ? 86_400_000 : 0));
  return days.includes(`${day.getUTCDay() || 7}`) && isWithin(day.toISOString().slice(0, 10));
}

/** @typedef {{ top: number, scale: number, scrolled: number, width: number, height: number, night: string | null, colour: string, then: () => void }} Drawing */

export class Background {
  /** @param {any} columns as the API gives them */
  constructor(columns) {
    this.columns = columns;
    this.khz = Float64Array.from(columns.khz);
    this.from = Uint16Array.from(columns.start_minute, ofNight);
    this.length = Uint16Array.from(columns.start_minute, (start, n) => lengthOf(start, columns.stop_minute[n]));
    /** Each new drawing ends the one before it. */
    this.drawn = 0;
  }

  /** The rows from one frequency to another, `[first, end)`. @param {number} low @param {number} high */
  between(low, high) {
    return [this.#firstFrom(low), this.#firstFrom(high)];
  }

  /** @param {number} khz */
  #firstFrom(khz) {
    let [low, high] = [0, this.khz.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.khz[middle] < khz) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} row @param {string} night */
  airs(row, night) {
    const { since, first_day, last_day, days, day_names, start_minute } = this.columns;
    return airs(night, start_minute[row], day_names[days[row]], (day) => {
      const place = daysSince(day, since);
      return first_day[row] <= place && place <= last_day[row];
    });
  }

  /** Whether a row is on the air at a minute of the night. @param {number} row @param {number} at @param {number} [during] */
  covers(row, at, during = 1) {
    const after = (this.from[row] - at + DAY) % DAY;
    const before = (at - this.from[row] + DAY) % DAY;
    return before < this.length[row] || after < during;
  }

  /** @param {number} row */
  described(row) {
    const { site, site_names, who, who_names, start_minute, stop_minute, days, day_names } = this.columns;
    return {
      khz: this.khz[row],
      who: who_names[who[row]],
      site: site_names[site[row]],
      start: start_minute[row],
      stop: stop_minute[row],
      days: day_names[days[row]],
    };
  }

  /** Draw what lies in the window, a slice in each frame, and `then` what comes over it. @param {CanvasRenderingContext2D} context @param {Drawing} how */
  draw(context, { top, scale, scrolled, width, height, night, colour, then }) {
    const mine = ++this.drawn;
    const thick = Math.min(14, Math.max(2, scale * CHANNEL_KHZ));
    const high = top - scrolled / scale;
    const [first, end] = this.between(high - height / scale - CHANNEL_KHZ, high + CHANNEL_KHZ);
    const minute = width / DAY;
    let row = first;
    const slice = () => {
      if (mine !== this.drawn) return;
      const until = performance.now() + SLICE_MS;
      context.fillStyle = colour;
      context.globalAlpha = 0.35;
      while (row < end && performance.now() < until) {
        for (const last = Math.min(end, row + ROWS_AT_ONCE); row < last; row++) {
          if (night && !this.airs(row, night)) continue;
          const y = (top - this.khz[row]) * scale - scrolled - thick / 2;
          const past = Math.max(0, this.from[row] + this.length[row] - DAY);
          context.fillRect(this.from[row] * minute, y, (this.length[row] - past) * minute, thick);
          if (past) context.fillRect(0, y, past * minute, thick);
        }
      }
      context.globalAlpha = 1;
      if (row < end) requestAnimationFrame(slice);
      else then();
    };
    slice();
  }
}

/** @param {string} season @returns {Promise<Background>} */
export const fetchBackground = async (season) => new Background(await get(`/api/v1/seasons/${season}/background/lines`));
