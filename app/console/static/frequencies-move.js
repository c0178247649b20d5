// @ts-check
// A line's move: what it would do is asked of the API as one chooses, and told before anybody is asked for it.

import { Problem, send } from "./api.js";
import { body, explained } from "./forms.js";
import { showAdvice } from "./frequencies-advice.js";
import { showConsequences } from "./frequencies-consequences.js";
import { element } from "./frequencies-words.js";
import { followSite } from "./site-feeds.js";
import { words } from "./words.js";

const SETTLED_MS = 300;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {HTMLElement} line whose page it is */
export function installMove({ dataset: { line = "", slot = "", khz = "" } }) {
  const dialog = /** @type {HTMLDialogElement | null} */ (byId("move"));
  if (!dialog) return;
  const form = /** @type {HTMLFormElement} */ (byId("move-form"));
  const yes = /** @type {HTMLButtonElement} */ (byId("move-yes"));
  const site = /** @type {HTMLSelectElement} */ (byId("move-site"));
  const day = /** @type {HTMLSelectElement} */ (byId("move-day"));
  const place = /** @type {HTMLElement} */ (byId("consequences"));
  const path = `/api/v1/lines/${line}/move`;
  followSite(site, site.value);

  /** For good, or for one night: the day goes under the name that says so. */
  function chooseLong() {
    const from = /** @type {HTMLInputElement} */ (byId("move-from"));
    if (day.selectedIndex < 0) day.selectedIndex = 0; // a draft's day may be over
    from.name = /** @type {HTMLInputElement} */ (form.querySelector("[name=long]:checked")).value;
    from.value = day.value;
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let planned;
  /** @type {AbortController | undefined} */
  let asking;

  async function preview() {
    asking?.abort();
    yes.disabled = true;
    const wanted = body(form);
    wanted.draft = false;
    if (!wanted.khz || !byId("move-khz").validity.valid) return place.replaceChildren(element("p", "quiet", words("frequencies.js.name_khz")));
    place.setAttribute("aria-busy", "true");
    const mine = (asking = new AbortController());
    try {
      const { data } = await send("POST", `${path}?dry_run=true`, { body: { ...wanted, reason: wanted.reason || "?" }, signal: mine.signal });
      const chosen = site.selectedOptions[0];
      showConsequences(place, data.consequences, { site: chosen.dataset.name ?? "", mail: chosen.dataset.mail ?? "", from: Number(khz), to: wanted.khz });
      yes.disabled = false;
    } catch (error) {
      if (mine.signal.aborted) return;
      const text = error instanceof Problem ? explained(error) : `${error instanceof Error ? error.message : error}`;
      place.replaceChildren(element("p", "notice bad", text));
    } finally {
      if (asking === mine) place.removeAttribute("aria-busy");
    }
  }

  function previewSoon() {
    yes.disabled = true;
    clearTimeout(planned);
    planned = setTimeout(preview, SETTLED_MS);
  }

  function advise(free = false) {
    const shown = /** @type {HTMLElement} */ (byId("advice"));
    const choose = (/** @type {number} */ to) => {
      byId("move-khz").value = to;
      byId("move-khz").dispatchEvent(new Event("input", { bubbles: true }));
      place.scrollIntoView({ block: "nearest" });
    };
    showAdvice(shown, { slot, line, day: day.value, free }, choose).catch((error) => {
      delete shown.dataset.shown;
      shown.replaceChildren(element("p", "notice warn", error instanceof Problem ? explained(error) : `${error.message}`));
    });
  }

  const renew = () => {
    chooseLong();
    if (dialog.open) previewSoon();
  };
  form.addEventListener("input", ({ target }) => {
    if (target !== byId("move-reason")) renew();
  });
  form.addEventListener("reset", () => setTimeout(renew));
  form.addEventListener("danpa:restored", renew);
  chooseLong();
  day.addEventListener("change", () => advise());
  byId("advice-free").addEventListener("click", () => advise(true));
  form.addEventListener("danpa:sent", (event) => {
    event.preventDefault();
    location.assign(`/frequencies/changes#change-${/** @type {CustomEvent} */ (event).detail.change.id}`);
  });
  const opened = () => {
    advise();
    preview();
  };
  document.querySelector('[data-open="move"]')?.addEventListener("click", opened);
  if (location.hash === "#move") {
    dialog.showModal();
    opened();
  }
}
