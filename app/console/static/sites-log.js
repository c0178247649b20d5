// @ts-check
// Importing a site's log: it is tried first, and taken once somebody has seen what would be.

import { Problem, send } from "./api.js";
import { explained } from "./forms.js";
import { lookSoon } from "./live.js";
import { tell, tellFailure } from "./telling.js";
import { saidWords, words } from "./words.js";

/** @typedef {{ dry_run: boolean, rows: number, new: number, known: number, outside: number, problems: { line: number, column: string, said: import("./words.js").Said }[] }} Intake */

const form = /** @type {HTMLFormElement} */ (document.getElementById("log-form"));
const take = /** @type {HTMLButtonElement} */ (document.getElementById("log-take"));
const result = /** @type {HTMLElement} */ (document.getElementById("log-result"));

const LISTS = new Set(["aired", "not_aired"]);

/** The form as the API takes it: empty fields left out, lists word by word. */
function filled() {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string") body.append(name, value);
    else if (LISTS.has(name)) value.split(",").map((one) => one.trim()).filter(Boolean).forEach((one) => body.append(name, one));
    else if (value.trim()) body.append(name, value.trim());
  }
  return body;
}

/** @param {string} text @param {string} [kind] */
function line(text, kind = "") {
  const one = document.createElement("p");
  one.textContent = text;
  one.className = kind;
  return one;
}

/** @param {Intake} intake */
function show(intake) {
  const wrong = intake.problems.map((one) =>
    line(words("sites.js.log.problem", { line: one.line, column: one.column, reason: saidWords(one.said) }), "error"),
  );
  const said = words("sites.js.log.found", { rows: intake.rows, fresh: intake.new, known: intake.known, outside: intake.outside });
  const counted = line(said, wrong.length ? "notice bad" : "notice");
  result.replaceChildren(...(intake.rows || !wrong.length ? [counted] : []), ...wrong); // of a file that cannot be read there is nothing to count
  take.hidden = !intake.dry_run || wrong.length > 0 || intake.new === 0;
}

/** @param {boolean} dry */
async function bring(dry) {
  take.disabled = true;
  try {
    const { data } = await send("POST", `/api/v1/contracts/${form.dataset.log}/logs?dry_run=${dry}`, { body: filled() });
    show(data);
    if (dry) return result.focus();
    tell(words("sites.js.log.taken", { count: data.new }));
    lookSoon();
  } catch (error) {
    take.hidden = true;
    if (error instanceof Problem) result.replaceChildren(line(explained(error), "notice bad"));
    else tellFailure(error);
  } finally {
    take.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  bring(true);
});
form.addEventListener("input", () => (take.hidden = true)); // what was tried is not what would be taken now
take.addEventListener("click", () => bring(false));
