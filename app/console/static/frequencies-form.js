// @ts-check
// The form of a line: the feeds of its site, and whether the site has agreed to it already.

import { followSite } from "./site-feeds.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("line-form"));
const site = document.getElementById("site");
if (site instanceof HTMLSelectElement) followSite(site);

/** What is not agreed to is asked for, with a reason. The form of a line that there is has no such choice. */
function ask() {
  const chosen = /** @type {HTMLInputElement | null} */ (form?.querySelector("[name=agreed]:checked") ?? null);
  if (!form || !chosen) return;
  const field = /** @type {HTMLElement} */ (document.getElementById("reason-field"));
  const reason = /** @type {HTMLInputElement} */ (document.getElementById("reason"));
  field.hidden = reason.disabled = chosen.value === "POST /api/v1/lines";
  form.dataset.send = chosen.value;
}

form?.addEventListener("change", ask);
form?.addEventListener("reset", () => setTimeout(ask));
form?.addEventListener("danpa:restored", ask);
ask();
form?.addEventListener("danpa:sent", (event) => {
  const { change } = /** @type {CustomEvent} */ (event).detail;
  if (!change) return;
  event.preventDefault();
  location.assign(`/frequencies/changes#change-${change.id}`);
});
