// @ts-check
// An edition of any date, by the clock as it stands in the editor, saved or not: what would air, and why.

import { Problem, send } from "./api.js";
import { h } from "./dom.js";
import { namesOf, refusal, rundownTable } from "./rundown-table.js";
import { tellFailure } from "./telling.js";
import { length, words } from "./words.js";

/** @param {number} programme @param {() => import("./clock-elements.js").Element[]} clock what the editor holds */
export function installPreview(programme, clock) {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("preview-form"));
  const place = document.getElementById("preview");
  if (!form || !place) return;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = new FormData(form);
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    try {
      const { data } = await send("POST", `/api/v1/programmes/${programme}/preview`, {
        body: { date: asked.get("date"), slot_id: Number(asked.get("slot_id")), clock: clock() },
      });
      const { rundown, starts_at, segments } = data;
      const sound = rundown.items.reduce((/** @type {number} */ sum, /** @type {{ samples: number }} */ item) => sum + item.samples, 0);
      place.replaceChildren(
        h("p", { text: words("programmes.js.preview.told", { count: rundown.items.length, length: length(sound / 48_000), target: length(rundown.target_samples / 48_000) }) }),
        rundown.fit && h("p", { class: "quiet", text: words(rundown.fit.proved ? "programmes.js.preview.proved" : "programmes.js.preview.not_proved") }),
        ...rundownTable(rundown, starts_at, namesOf(segments)),
      );
    } catch (error) {
      if (error instanceof Problem) place.replaceChildren(refusal(error));
      else tellFailure(error);
    } finally {
      button.disabled = false;
      place.removeAttribute("aria-busy");
    }
  });
}
