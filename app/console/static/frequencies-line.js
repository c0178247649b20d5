// @ts-check
// A line's page: what it meets, and its move.

import { byLine, check, conflictItem } from "./frequencies-conflicts.js";
import { installMove } from "./frequencies-move.js";
import { element } from "./frequencies-words.js";
import { tellFailure } from "./telling.js";
import { words } from "./words.js";

const line = /** @type {HTMLElement} */ (document.getElementById("line"));

async function showConflicts() {
  const found = await check(line.dataset.season ?? "");
  const mine = byLine(found).get(line.dataset.line ?? "") ?? [];
  const list = element("ul");
  list.append(...mine.map((one) => conflictItem(one, line.dataset.line)));
  const parts = mine.length ? [list] : [element("p", "", `✓ ${words("frequencies.js.nothing_wrong")}`)];
  if (!found.others) parts.push(element("p", "notice warn", words("frequencies.js.no_background")));
  document.getElementById("line-conflicts")?.replaceChildren(...parts);
}

installMove(line);
showConflicts().catch(tellFailure);
