// @ts-check
// The station's page: a new key, shown this once; what can be copied; and clips for the voice pack, called by their keys.

import { Problem, send } from "./api.js";
import { explained } from "./forms.js";
import { lookSoon } from "./live.js";
import { tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const newKey = /** @type {HTMLDialogElement} */ (element("new-key"));

document.addEventListener("danpa:sent", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const whose = form.dataset.newKey;
  if (whose === undefined) return;
  event.preventDefault();
  form.reset();
  element("new-key-whose").textContent = words("station.js.whose", { name: whose });
  element("new-key-secret").textContent = /** @type {CustomEvent} */ (event).detail.secret;
  newKey.showModal();
});
newKey.addEventListener("close", () => {
  element("new-key-secret").textContent = ""; // it is in no place that somebody finds later
  lookSoon();
});

document.addEventListener("click", async (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (!(button instanceof HTMLElement)) return;
  const source = element(button.dataset.copy ?? "");
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    button.textContent = words("station.js.copied");
  } catch {
    getSelection()?.selectAllChildren(source); // without leave, or over plain HTTP: what is selected can be copied by hand
    button.textContent = words("station.js.selected");
  }
});

const clips = /** @type {HTMLInputElement} */ (element("clips"));
clips.addEventListener("change", async () => {
  const refused = [];
  let taken = 0;
  element("clips-wrong").textContent = "";
  clips.disabled = true;
  for (const file of clips.files ?? []) {
    const key = file.name.replace(/\.[^.]*$/, "");
    try {
      await send("PUT", `/api/v1/voice-pack/${encodeURIComponent(key)}`, { body: file });
      taken += 1;
    } catch (error) {
      if (!(error instanceof Problem)) {
        tellFailure(error);
        break;
      }
      refused.push(`${file.name}: ${explained(error)}`);
    }
  }
  clips.disabled = false;
  clips.value = "";
  if (taken) tell(words("station.js.clips", { count: taken }));
  element("clips-wrong").textContent = refused.join(" · ");
  lookSoon();
});
