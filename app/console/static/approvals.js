// @ts-check
// The approval queue: what is listened to stays until it is decided, and then the next is there at once.

import { Problem, send } from "./api.js";
import { isTyping } from "./dom.js";
import { RATE } from "./edits.js";
import { explained } from "./forms.js";
import { look } from "./live.js";
import { placeNotes } from "./note-places.js";
import { tell, tellFailure } from "./telling.js";
import { attachWaveform } from "./waveform.js";
import { words } from "./words.js";

/** @typedef {{ id: number, title: string, cut: number, samples: number, ready: boolean, joins: number[], notes: { at: number, text: string }[], next: number | null }} Chosen */

/** @returns {Chosen | null} */
const read = () => JSON.parse(document.getElementById("chosen")?.textContent ?? "null");

/** What is heard now. @type {{ wave: import("./waveform.js").Waveform, id: number, cut: number } | undefined} */
let heard;

function show() {
  const chosen = read();
  if (heard && (heard.id !== chosen?.id || heard.cut !== chosen.cut)) {
    heard.wave.detach();
    if (heard.id === chosen?.id) tell(words("approvals.js.edited"), { bad: true });
    heard = undefined;
  }
  showPlaying();
  if (!chosen) return;
  stay(chosen.id);
  if (chosen.ready && !heard) hear(chosen);
  heard?.wave.set({
    marks: [
      ...chosen.joins.map((at) => ({ at: at / RATE, kind: /** @type {const} */ ("join") })),
      ...chosen.notes.map(({ at, text }) => ({ at: at / RATE, kind: /** @type {const} */ ("note"), label: text })),
    ],
  });
}

/** @param {Chosen} chosen */
function hear({ id, title, cut, samples }) {
  const [path, which] = [`/api/v1/segments/${id}`, `?cut=${cut}`];
  const sound = { audio: `${path}/audio${which}`, peaks: `${path}/peaks${which}`, length: samples / RATE };
  const element = /** @type {HTMLElement} */ (document.getElementById(`wave-${id}-${cut}`));
  heard = { wave: attachWaveform(element, { label: title, sound }), id, cut };
}

/** Something more urgent may come: what is listened to stays. @param {number} id */
function stay(id) {
  history.replaceState(history.state, "", `/approvals?item=${id}`);
}

/** The one after it, or the empty queue. @param {number | null} id */
async function go(id) {
  heard?.wave.player.pause();
  history.replaceState(history.state, "", id ? `/approvals?item=${id}` : "/approvals");
  await look({ afresh: true });
  window.scrollTo({ top: 0 });
  document.getElementById("item-title")?.focus();
}

/** @param {HTMLButtonElement} button */
async function approve(button) {
  const { path = "", cut, revision, toldAfter = "" } = button.dataset;
  button.disabled = true;
  const next = read()?.next ?? null;
  try {
    await send("POST", path, { body: { cut: Number(cut) }, etag: revision });
    tell(toldAfter);
    await go(next);
  } catch (error) {
    tellFailure(error instanceof Problem ? new Error(explained(error)) : error);
    await look({ afresh: true });
  } finally {
    button.disabled = false;
  }
}

/** @param {number} id what was sent back */
async function askAgain(id) {
  try {
    await send("POST", `/api/v1/segments/${id}/submit`);
    tell(words("approvals.js.back"));
    await go(id);
  } catch (error) {
    tellFailure(error);
  }
}

function showPlaying() {
  const button = document.getElementById("thumb-play");
  const key = heard?.wave.playing ? "approvals.js.pause" : "approvals.js.play";
  if (button) button.textContent = `${heard?.wave.playing ? "❚❚" : "▶"} ${words(key)}`;
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const note = /** @type {HTMLElement | null} */ (target.closest("[data-hear-newest]"));
  const next = target.closest("#thumb-next, #queue a");
  if (note) heard?.wave.play(Number(note.dataset.hearNewest) / RATE);
  else if (target.closest("#thumb-play")) heard?.wave.toggle();
  else if (target.closest("#thumb-note")) document.getElementById("note-text")?.focus();
  else if (target.closest("#approve")) approve(/** @type {HTMLButtonElement} */ (target.closest("#approve")));
  else if (next instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go(Number(new URL(next.href).searchParams.get("item")));
  }
});

document.addEventListener("danpa:sent", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.id.startsWith("reject-form")) return;
  event.preventDefault();
  form.closest("dialog")?.close();
  const [id, next] = [/** @type {CustomEvent} */ (event).detail.id, read()?.next ?? null];
  go(next);
  tell(words("approvals.js.sent_back"), { offer: { label: words("approvals.js.undo"), act: () => askAgain(id) } });
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isTyping(event.target)) return;
  if (event.target instanceof Element && event.target.closest("button, a, summary, input")) return;
  if (heard?.wave.key(event)) event.preventDefault();
});

placeNotes(() => heard);
document.addEventListener("wave:moved", showPlaying);
document.addEventListener("danpa:looked", show);
show();
