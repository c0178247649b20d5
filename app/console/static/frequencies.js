// @ts-check
// The season's page: the grid with what is known of it, and what is wrong, beside our lines and as a list.

import { byLine, check, conflictItem, levelText, severityText, showCheck } from "./frequencies-conflicts.js";
import { SEVERITIES, chip, daysText, element, khzText, spanText } from "./frequencies-words.js";
import { fetchBackground } from "./season-background.js";
import { SeasonGrid } from "./season-grid.js";
import { tellFailure } from "./telling.js";
import { words } from "./words.js";

const MOST_TOLD = 6;

// The table is laid out and shown first: with the grid it would be one long task
await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

const root = /** @type {HTMLElement} */ (document.getElementById("season-grid"));
const season = root.dataset.season ?? "";
const grid = new SeasonGrid(root);
/** @type {Map<string, import("./frequencies-conflicts.js").Conflict[]>} */
let conflicts = new Map();
let isChecked = false;

async function loadBackground() {
  if (!root.dataset.background) return;
  grid.background = await fetchBackground(season);
  grid.draw();
}

async function loadConflicts() {
  const found = await check(season);
  conflicts = byLine(found);
  isChecked = true;
  showCheck(/** @type {HTMLElement} */ (document.getElementById("conflicts")), found);
  showMarks();
}

/** What is wrong with each line: on its bar, and in its row. */
function showMarks() {
  grid.mark(
    new Map(
      [...conflicts].map(([id, [worst, ...rest]]) => {
        const more = rest.length ? ` ${words("frequencies.js.more", { count: rest.length })}` : "";
        return [id, { ...SEVERITIES[worst.severity], text: `${severityText(worst)}: ${levelText(worst)}${more}` }];
      }),
    ),
  );
  for (const line of grid.lines) {
    const [worst, ...rest] = conflicts.get(line.id) ?? [];
    const cell = document.getElementById(`line-${line.id}-conflicts`);
    if (!cell || !isChecked) continue;
    if (!worst) cell.replaceChildren(element("span", "quiet", words("frequencies.js.no_conflict")));
    else cell.replaceChildren(chip(worst.severity, levelText(worst)), rest.length ? ` ${words("frequencies.js.more", { count: rest.length })}` : "");
  }
}

/** Who is under the pointer or the focus. @param {any} told */
function tellOf({ line, others, khz }) {
  const place = /** @type {HTMLElement} */ (document.getElementById("grid-told"));
  const list = element("ul");
  for (const conflict of (line && conflicts.get(line.id)) || []) list.append(conflictItem(conflict, line.id));
  for (const one of others.slice(0, MOST_TOLD)) {
    const text = words("frequencies.js.who", { khz: khzText(one.khz), who: one.who || one.site, site: one.site, time: spanText(one.start, one.stop) });
    list.append(element("li", "quiet", `${text} ${daysText(one.days)}`));
  }
  if (others.length > MOST_TOLD) list.append(element("li", "quiet", words("frequencies.js.more", { count: others.length - MOST_TOLD })));
  const about = line ? line.label : khzText(Math.round(khz));
  place.replaceChildren(element("p", line ? "what" : "quiet", about), list);
}

grid.addEventListener("told", (event) => tellOf(/** @type {CustomEvent} */ (event).detail));
document.addEventListener("danpa:looked", () => {
  grid.readLines();
  showMarks();
});
document.addEventListener("danpa:event", (event) => {
  const { subject } = /** @type {CustomEvent} */ (event).detail;
  if (subject === "line_change") loadConflicts().catch(tellFailure);
});

loadBackground().catch(tellFailure);
loadConflicts().catch(tellFailure);
