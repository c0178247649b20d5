// @ts-check
// What every page of the console does: clocks, what has changed, buttons and forms. Without it pages still show everything.

import { Problem, send } from "./api.js";
import { forgetAll, hasDrafts } from "./drafts.js";
import { explained, install } from "./forms.js";
import { listen, lookSoon } from "./live.js";
import { confirmed, tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

/** How far this computer's clock is from the server's, in milliseconds. */
let behindMs = 0;

/** The server's time, in milliseconds since 1970. */
export const serverNow = () => Date.now() + behindMs;

function setClock() {
  const now = /** @type {HTMLElement | null} */ (document.querySelector("[data-now]"))?.dataset.now;
  behindMs = Date.parse(now ?? "") - Date.now();
}

function showClocks() {
  const now = new Date(serverNow());
  for (const clock of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-clock]"))) {
    const timeZone = clock.dataset.clock === "KST" ? "Asia/Seoul" : "UTC";
    clock.textContent = now.toLocaleTimeString("en-GB", { timeZone });
  }
}

/** @type {WeakSet<HTMLButtonElement>} */
const underWay = new WeakSet();

/**
 * A button that asks for one thing: `data-action` is where, `data-method` how, `data-body` with what (JSON), `data-etag` of which
 * revision, `data-confirm` the question before, `data-then` the page after, `data-undo` what takes it back ("POST /api/...").
 * @param {HTMLButtonElement} button
 */
async function act(button) {
  const { action = "", method = "POST", body, etag, confirm, then, told, undo } = button.dataset;
  if (underWay.has(button)) return;
  if (confirm && !(await confirmed(confirm, button.textContent?.trim() ?? ""))) return;
  underWay.add(button); // a page that is renewed meanwhile enables the button again
  button.disabled = true;
  try {
    const { data } = await send(method, action, { body: body && JSON.parse(body), etag });
    if (then) return location.assign(then.replace(/\{(\w+)\}/g, (_, name) => data?.[name] ?? ""));
    tell(told ?? words("js.accepted"), undo ? { offer: { label: words("js.undo"), act: () => takeBack(undo) } } : {});
    lookSoon();
  } catch (error) {
    tellFailure(error instanceof Problem ? new Error(explained(error)) : error);
  } finally {
    underWay.delete(button);
    button.disabled = false;
  }
}

/** Sign out, and leave nothing of one's own in a browser that others use too. @param {HTMLButtonElement} button */
async function leave(button) {
  if (hasDrafts() && !(await confirmed(words("js.leave.drafts"), button.textContent?.trim() ?? ""))) return;
  forgetAll();
  act(button);
}

/** @param {string} undo */
async function takeBack(undo) {
  const [method, path] = undo.split(" ");
  try {
    await send(method, path);
    tell(words("js.undone"));
    lookSoon();
  } catch (error) {
    tellFailure(error);
  }
}

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button[data-action]");
  if (button instanceof HTMLButtonElement) button.id === "sign-out" ? leave(button) : act(button);
});
document.addEventListener("danpa:looked", () => {
  setClock();
  showClocks();
});

install();
setClock();
setInterval(showClocks, 1000);
listen();
