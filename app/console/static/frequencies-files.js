// @ts-check
// Season files and the next season: each is tried first, what it would change is told, and a second yes does it.

import { Problem, send } from "./api.js";
import { explained } from "./forms.js";
import { reviewBackground, reviewImport, reviewRollover } from "./frequencies-reviews.js";
import { element } from "./frequencies-words.js";
import { tell } from "./telling.js";
import { words } from "./words.js";

/** @typedef {{ parts: HTMLElement[], changes: boolean }} Review what is told, and whether there is anything to do */

/** The form's fields, without those that say nothing. @param {HTMLFormElement} form */
function fieldsOf(form) {
  const fields = new FormData(form);
  for (const [name, value] of [...fields]) if (value === "") fields.delete(name);
  return fields;
}

/**
 * @param {string} name of the form and its review @param {"PUT" | "POST"} method which does it
 * @param {(data: any, form: HTMLFormElement) => Review} review
 */
function install(name, method, review) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById(`${name}-form`));
  const place = /** @type {HTMLElement} */ (document.getElementById(`${name}-review`));
  const body = () => (form.elements.length > 1 ? fieldsOf(form) : undefined);

  /** @param {...HTMLElement} parts */
  function show(...parts) {
    place.replaceChildren(...parts);
    place.hidden = false;
    place.focus();
  }

  /** @param {HTMLButtonElement | null} button @param {() => Promise<void>} act */
  async function busy(button, act) {
    if (button) button.disabled = true;
    place.setAttribute("aria-busy", "true");
    try {
      await act();
    } catch (error) {
      const text = error instanceof Problem ? explained(error) : `${error instanceof Error ? error.message : error}`;
      const wrong = element("p", "notice bad", text);
      wrong.setAttribute("role", "alert");
      show(wrong);
    } finally {
      if (button) button.disabled = false;
      place.removeAttribute("aria-busy");
    }
  }

  const attempt = async () => {
    const { data } = await send("POST", form.dataset.try ?? "", { body: body() });
    const { parts, changes } = review(data, form);
    show(element("h3", "", words("frequencies.js.review")), ...parts, ...(changes ? [yes()] : [element("p", "quiet", words("frequencies.js.nothing_to_do"))]));
  };

  function yes() {
    const button = /** @type {HTMLButtonElement} */ (element("button", "main", words(`frequencies.js.do.${name}`)));
    button.type = "button";
    button.addEventListener("click", () =>
      busy(button, async () => {
        await send(method, form.dataset.do ?? "", { body: body() });
        tell(words(`frequencies.js.done.${name}`));
        const done = element("p", "notice good", `✓ ${words(`frequencies.js.done.${name}`)} `);
        const to = /** @type {HTMLAnchorElement} */ (element("a", "", words(`frequencies.js.see.${name}`)));
        to.href = name === "rollover" ? "/frequencies/changes?state=draft" : `/frequencies${location.search}`;
        done.append(to);
        show(done);
      }),
    );
    const line = element("p", "actions");
    line.append(button);
    return line;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(/** @type {HTMLButtonElement | null} */ (event.submitter), attempt);
  });
  form.addEventListener("input", () => (place.hidden = true)); // what was reviewed is not what would be done any more
}

install("import", "POST", reviewImport);
install("background", "PUT", reviewBackground);
install("rollover", "POST", reviewRollover);
