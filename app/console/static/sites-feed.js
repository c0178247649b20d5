// @ts-check
// The page of one feed: trying it, telling what was found and what to do; deliveries by hand; the address of a site that fetches.

import { send } from "./api.js";
import { lookSoon } from "./live.js";
import { tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

/** @typedef {{ name: string, ok: boolean | null, detail: string, took_ms: number }} Step */
/** @typedef {{ ok: boolean, object_name: string | null, steps: Step[] }} Probe */

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} tag @param {string} text @param {string} [kind] */
function made(tag, text, kind = "") {
  const one = document.createElement(tag);
  one.textContent = text;
  if (kind) one.className = kind;
  return one;
}

/** The words for a key; empty where there are none. @param {string} key */
function known(key) {
  const said = words(key);
  return said === key ? "" : said;
}

// ---------------------------------------------------------------- probing

/** @param {HTMLButtonElement} button */
async function probe(button) {
  const place = element("probe-result");
  button.disabled = true;
  place.hidden = false;
  place.replaceChildren(made("p", words("sites.js.probing")));
  try {
    const { data } = await send("POST", `/api/v1/feeds/${button.dataset.probe}/probe`);
    place.replaceChildren(...told(data));
    lookSoon();
  } catch (error) {
    place.hidden = true;
    tellFailure(error);
  } finally {
    button.disabled = false;
    if (!place.hidden) place.focus();
  }
}

/** What a probe found, in words: the verdict, each step, and what to do about the one that failed. @param {Probe} found */
function told(found) {
  const verdict = made("h2", words(found.ok ? "sites.js.probe.good" : "sites.js.probe.bad"));
  const steps = document.createElement("ul");
  steps.className = "steps";
  steps.append(...found.steps.map(step));
  const name = found.object_name ? [made("p", words("sites.js.probe.name", { name: found.object_name }), "quiet")] : [];
  return [verdict, steps, ...name];
}

/** @param {Step} one */
function step(one) {
  const item = document.createElement("li");
  const sign = one.ok === null ? "–" : one.ok ? "✓" : "✕";
  const chip = made("span", sign, `chip ${one.ok === null ? "calm" : one.ok ? "good" : "bad"}`);
  chip.setAttribute("aria-hidden", "true");
  const state = one.ok === null ? "left_out" : one.ok ? "ok" : "failed";
  const what = `sites.js.step.${one.name}`;
  const how = `sites.js.step_is.${state}`;
  item.append(chip, " ", made("b", words(what)), " ", words(how), " ");
  if (one.ok === false) item.append(...advice(one.detail));
  const raw = made("span", one.took_ms ? `${one.detail} (${one.took_ms} ms)` : one.detail, "raw");
  raw.lang = "en";
  item.append(raw);
  return item;
}

/** Our words for a feed's error, and what to do. @param {string} detail */
function advice(detail) {
  const code = detail.split(":", 1)[0];
  const said = [known(`error.${code}`), known(`sites.js.do.${code}`) || words("sites.js.do.other")];
  return said.filter(Boolean).map((text) => made("p", text, "error"));
}

// ---------------------------------------------------------------- deliveries by hand, and keys

/** The dialog is one for all handoffs: it is given the one whose button was pressed. @param {HTMLElement} button */
function bring(button) {
  element("by-hand-form").dataset.send = `POST /api/v1/handoffs/${button.dataset.byHand}/manual`;
  element("by-hand-what").textContent = button.dataset.what ?? "";
}

/** Shown this once, and gone with the page. @param {string} address */
function showAddress(address) {
  element("new-key-address").textContent = address;
  element("new-key").hidden = false;
  element("new-key").focus();
}

async function copyAddress() {
  const address = element("new-key-address");
  try {
    await navigator.clipboard.writeText(address.textContent ?? "");
    tell(words("sites.js.copied"));
  } catch {
    getSelection()?.selectAllChildren(address); // no clipboard without TLS: Ctrl+C does it
    tell(words("sites.js.copy_yourself"));
  }
}

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button");
  if (button?.dataset.probe) probe(button);
  else if (button?.dataset.byHand) bring(button);
  else if (button?.id === "copy-key") copyAddress();
});

document.addEventListener("danpa:sent", (event) => {
  const { target, detail } = /** @type {CustomEvent} */ (event);
  if (/** @type {Element} */ (target).id === "key-form") showAddress(detail.address);
});
