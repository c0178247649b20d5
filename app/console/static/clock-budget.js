// @ts-check
// The length budget of a clock, as the server reckons it: one bar for each slot, and the same in words and numbers.

import { h, svg } from "./dom.js";
import { length, time, words } from "./words.js";

/** @typedef {{ element: number, least_s: number, usual_s: number, most_s: number | null, candidates: number, is_missing: boolean }} Share */
/** @typedef {{ slot_id: number, starts_at: string, target_s: number, least_s: number, usual_s: number, most_s: number | null, verdict: "fits" | "tight" | "short" | "over", elements: Share[] }} Budget */

const SIGNS = { fits: "✓", tight: "!", short: "!", over: "✕" };
const TONES = { fits: "good", tight: "warn", short: "warn", over: "bad" };
const WIDTH = 1000;
const PAUSES_S = 1.5; // what differs by less differs by its pauses only

/** What an element takes, for its row. @param {Share | undefined} share */
export function takes(share) {
  if (!share) return "";
  if (share.most_s === null) return words("programmes.js.takes.rest");
  if (share.is_missing) return words("programmes.js.takes.nothing");
  const isOne = share.most_s - share.least_s < PAUSES_S;
  return isOne ? length(share.usual_s) : `${length(share.least_s)}–${length(share.most_s)}`;
}

/** @param {Budget[]} budgets @param {number} selected the place of the element that is looked at */
export function budgetBars(budgets, selected) {
  if (!budgets.length) return [h("p", { class: "quiet", text: words("programmes.js.budget.no_slot") })];
  return alike(budgets).map(([budget, times]) =>
    h("div", { class: "budget", "data-verdict": budget.verdict },
      h("p", {},
        h("span", { class: `chip ${TONES[budget.verdict]}` }, h("span", { "aria-hidden": "true", text: SIGNS[budget.verdict] }), ` ${words(`programmes.js.budget.${budget.verdict}`)}`),
        ` ${inWords(budget)}`),
      bar(budget, selected),
      h("p", { class: "quiet", text: words("programmes.js.budget.numbers", {
        time: times.join(", "), target: length(budget.target_s), least: length(budget.least_s), usual: length(budget.usual_s),
        most: budget.most_s === null ? words("programmes.js.budget.open") : length(budget.most_s) }) })),
  );
}

/** Slots of one length have one budget: with the times of all of them. @param {Budget[]} budgets @returns {[Budget, string[]][]} */
function alike(budgets) {
  /** @type {Map<string, [Budget, string[]]>} */
  const groups = new Map();
  for (const budget of budgets) {
    const { target_s, least_s, usual_s, most_s } = budget;
    const key = `${[target_s, least_s, usual_s, most_s]}`;
    const group = groups.get(key) ?? [budget, []];
    group[1].push(time(budget.starts_at));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** @param {Budget} budget */
function inWords({ verdict, target_s, least_s, usual_s, most_s }) {
  if (verdict === "over") return words("programmes.js.budget.over.by", { by: length(least_s - target_s) });
  if (verdict === "short") return words("programmes.js.budget.short.by", { by: length(target_s - (most_s ?? 0)) });
  if (verdict === "tight") return words("programmes.js.budget.tight.by", { by: length(usual_s - target_s) });
  return words(most_s === null ? "programmes.js.budget.fits.fill" : "programmes.js.budget.fits.exact", { by: length(target_s - usual_s) });
}

/** The elements one after the other, as long as they usually are; a fill takes what is left. @param {Budget} budget @param {number} selected */
function bar(budget, selected) {
  const { target_s, usual_s, elements } = budget;
  const fills = elements.filter(({ most_s }) => most_s === null).length;
  const rest = Math.max(target_s - usual_s, 0) / Math.max(fills, 1);
  const scale = WIDTH / Math.max(target_s, usual_s);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} 24`, preserveAspectRatio: "none", class: "budget-bar", "aria-hidden": "true" });
  let x = 0;
  for (const share of elements) {
    const width = (share.usual_s + (share.most_s === null ? rest : 0)) * scale;
    const kind = share.most_s === null ? "elastic" : share.element % 2 ? "odd" : "even";
    drawing.append(svg("rect", { x: x.toFixed(1), y: 2, width: Math.max(width - 2, 0.5).toFixed(1), height: 20, class: share.element === selected ? `${kind} selected` : kind }));
    x += width;
  }
  drawing.append(svg("line", { x1: (target_s * scale).toFixed(1), x2: (target_s * scale).toFixed(1), y1: 0, y2: 24, class: "target" }));
  return drawing;
}
