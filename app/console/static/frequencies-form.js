// @ts-check
// The form of a line: the feeds of its site, and whether the site has agreed to it already.

import { followSite } from "./site-feeds.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("line-form"));
const site = document.getElementById("site");
if (site instanceof HTMLSelectElement) followSite(site);

/** What is not agreed to is asked for, with a reason. @param {string} send */
function ask(send) {
  const field = /** @type {HTMLElement} */ (document.getElementById("reason-field"));
  const reason = /** @type {HTMLInputElement} */ (document.getElementById("reason"));
  field.hidden = reason.disabled = send === "POST /api/v1/lines";
  if (form) form.dataset.send = send;
}

for (const choice of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[name=agreed]"))) {
  choice.addEventListener("change", () => ask(choice.value));
}
form?.addEventListener("danpa:sent", (event) => {
  const { change } = /** @type {CustomEvent} */ (event).detail;
  if (!change) return;
  event.preventDefault();
  location.assign(`/frequencies/changes#change-${change.id}`);
});
