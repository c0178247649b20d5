// @ts-check
// The queue of files on their way: several at once, pauses that grow while the line is broken, and what is known of each.

import { get, Problem } from "./api.js";
import { tellFailure, tellOnce } from "./telling.js";
import { fileOf, forgetBytes, forgetItem, items, keepFile, newId, readItem, wavBytes, writeItem } from "./upload_store.js";
import { bring, Broken, end, SignedOut } from "./upload_tus.js";
import { words } from "./words.js";

/** @typedef {import("./upload_store.js").Item} Item */
/** @typedef {import("./upload_store.js").Recording} Recording */

const AT_ONCE = 2;
const PAUSES_MS = [1000, 2000, 5000, 10_000, 30_000];
/** Larger files are not copied into the browser: they are asked for again after a reload. */
const KEPT_BYTES = 512 << 20;

/**
 * What only this window knows of an item: its bytes, how much has left, whether the browser has it written down (`isKept`),
 * and when it is tried again.
 * @typedef {{ item: Item, file?: Blob, left: number, isKept: boolean, isSending: boolean, triesAt?: number, trouble?: string, stop?: AbortController, wake?: () => void, tries: number }} Entry
 */

/** @type {Map<string, Entry>} */
export const entries = new Map();
/** @type {Set<string>} */
const running = new Set();
/** @type {(entry: Entry) => void} */
let changed = () => {};

/** Begin: what was not finished at an earlier visit goes on. @param {(entry: Entry) => void} tell called for each entry that has changed */
export async function open(tell) {
  changed = tell;
  for (const item of await items()) enter(item, true);
  next();
  for (const { item } of entries.values()) if (item.state === "sent") follow(item.id);
}

/** @param {Item} item @param {boolean} isKept @param {Blob} [file] */
function enter(item, isKept, file) {
  const entry = { item, file, left: item.brought, isKept, isSending: false, tries: 0 };
  entries.set(item.id, entry);
  changed(entry);
  return entry;
}

/** @param {Partial<Item> & { id: string, name: string, bytes: number, sound: Item["sound"], fields: Record<string, string> }} what @returns {Item} */
const newItem = (what) => ({ modified: 0, addedAt: Date.now(), person: document.body.dataset.person ?? "", brought: 0, state: "waiting", ...what });

/** Send files with what is said about each. @param {{ file: File, fields: Record<string, string> }[]} chosen */
export async function add(chosen) {
  for (const { file, fields } of chosen) {
    const item = newItem({ id: newId(), name: file.name, bytes: file.size, modified: file.lastModified, sound: "asked", fields });
    const entry = enter(item, false, file);
    if ((await save(entry)) && file.size <= KEPT_BYTES) {
      try {
        await keepFile(item.id, file);
        item.sound = "kept";
        await save(entry);
      } catch {
        // no room, or a file that cannot be read: it is sent from where it lies
      }
    }
    next();
  }
}

/** Send a recording. @param {Recording} recording @param {string} name @param {Record<string, string>} fields */
export async function addRecording({ id, samples }, name, fields) {
  const item = newItem({ id, name, bytes: wavBytes(samples), sound: "recording", fields });
  await save(enter(item, false));
  next();
}

/** Whether an entry's bytes have to be asked for. @param {Entry} entry */
export const isMissing = ({ item, file }) => !file && item.sound === "asked" && (item.state === "waiting" || item.state === "paused");

/** Take files that were asked for again; gives those that are none of them. @param {File[]} files */
export function takeBack(files) {
  return files.filter((file) => {
    const entry = [...entries.values()].find((one) => isMissing(one) && one.item.name === file.name && one.item.bytes === file.size);
    if (!entry) return true;
    if (entry.item.modified !== file.lastModified) beginAnew(entry, file.lastModified);
    entry.file = file;
    resume(entry);
    return false;
  });
}

/** What has arrived may be of another version of the file: pieces of two are not mixed. @param {Entry} entry @param {number} modified */
function beginAnew(entry, modified) {
  end(entry.item);
  Object.assign(entry.item, { modified, brought: 0, location: undefined, sha256: undefined, announced: false });
  entry.left = 0;
}

/** Whether the same file is on its way already, or came. @param {File} file */
export const isKnown = (file) =>
  [...entries.values()].some(({ item }) => item.name === file.name && item.bytes === file.size && item.modified === file.lastModified && item.state !== "refused");

/** Whether something would be lost, or have to be asked for again, if this window were closed now. */
export const isNeeded = () => [...entries.values()].some(({ item, isSending, isKept, file }) => (item.sound === "asked" || !isKept) && file && (isSending || item.state === "waiting"));

// ---------------------------------------------------------------- what a person does with one

/** @param {Entry} entry */
export function pause(entry) {
  entry.item.state = "paused";
  save(entry);
  entry.stop?.abort(new DOMException("paused", "AbortError"));
}

/** Go on, at once. @param {Entry} entry */
export function resume(entry) {
  if (entry.item.state !== "sent") entry.item.state = "waiting";
  entry.item.problem = undefined;
  entry.tries = 0;
  save(entry);
  entry.wake?.();
  next();
}

/** Not to be sent after all, or not to be shown any more. @param {Entry} entry */
export async function remove(entry) {
  const { item } = entry;
  entries.delete(item.id);
  entry.stop?.abort(new DOMException("removed", "AbortError"));
  changed(entry);
  await forgetItem(item).catch(tellFailure);
  if (item.state !== "sent") await end(item);
}

/** The connection may be back: nobody waits any longer. */
export const wakeAll = () => entries.forEach((entry) => entry.wake?.());

/** Write an entry down. Where the browser cannot, it goes on in this window. @param {Entry} entry @returns {Promise<boolean>} whether it is kept */
async function save(entry) {
  changed(entry);
  if (!entries.has(entry.item.id)) return false;
  try {
    await writeItem(entry.item);
    entry.isKept = true;
  } catch {
    entry.isKept = false;
    tellOnce(words("library.js.not_kept"));
  }
  return entry.isKept;
}

// ---------------------------------------------------------------- sending

function next() {
  for (const entry of entries.values()) {
    if (running.size >= AT_ONCE) return;
    if (entry.item.state !== "waiting" || running.has(entry.item.id) || isMissing(entry)) continue;
    running.add(entry.item.id);
    alone(entry.item.id, () => work(entry)).finally(() => {
      running.delete(entry.item.id);
      next();
    });
  }
}

/** Of several windows one sends a file; where browsers have no locks the station sorts it out. @param {string} id @param {() => Promise<void>} act */
const alone = (id, act) => (navigator.locks ? navigator.locks.request(`danpa-upload-${id}`, act) : act());

/** Send one, however often the line breaks. @param {Entry} entry */
async function work(entry) {
  await catchUp(entry);
  while (entries.has(entry.item.id) && entry.item.state === "waiting" && !isMissing(entry)) {
    entry.stop = new AbortController();
    try {
      entry.isSending = true;
      entry.file ??= await fileOf(entry.item);
      if (!entry.file) throw new Problem(0, { type: "unreadable" }); // the browser has thrown it away
      await sent(entry, await bring(entry.item, entry.file, (item, left) => told(entry, left), entry.stop.signal));
    } catch (error) {
      await failed(entry, error);
    } finally {
      entry.isSending = false;
      entry.stop = undefined;
      changed(entry);
    }
  }
}

/** Another window may have gone on with it, or be done with it. @param {Entry} entry */
async function catchUp(entry) {
  if (!entry.isKept) return;
  const stored = await readItem(entry.item.id);
  if (!stored) entries.delete(entry.item.id);
  else if (stored.brought > entry.item.brought || stored.state === "sent") entry.item = stored;
  changed(entry);
  if (stored?.state === "sent") await follow(stored.id);
}

/** @param {Entry} entry @param {number} left */
function told(entry, left) {
  const { item } = entry;
  if (left > entry.left) entry.tries = 0;
  const isNews = left === item.brought;
  entry.left = left;
  entry.trouble = undefined;
  if (isNews) save(entry);
  else changed(entry);
}

/** @param {Entry} entry @param {number} segmentId */
async function sent(entry, segmentId) {
  Object.assign(entry.item, { state: "sent", segmentId, brought: entry.item.bytes, segment: { state: "processing" } });
  entry.left = entry.item.bytes;
  const isKept = await save(entry);
  entry.file = undefined;
  // What cannot be removed is sent again at the next visit, and found to be there
  await (isKept ? forgetBytes(entry.item) : forgetItem(entry.item)).catch(() => {});
  follow(entry.item.id);
}

/** @param {Entry} entry @param {unknown} error */
async function failed(entry, error) {
  const { item } = entry;
  entry.left = item.brought;
  if (error instanceof Broken) return rest(entry, error.message);
  if (error instanceof SignedOut) item.state = "paused";
  else if (error instanceof Problem && error.document.type === "unreadable") {
    entry.file = undefined;
    item.sound = "asked"; // its owner is
  } else if (error instanceof Problem) {
    item.state = "refused";
    item.problem = { code: `${error.document.type ?? error.status}`.split(":").pop() ?? "", detail: error.message };
    if (error.status !== 507 && error.status !== 403) item.location = undefined;
  } else if (!(error instanceof DOMException && error.name === "AbortError")) {
    item.state = "refused";
    item.problem = { code: "unreadable", detail: error instanceof Error ? error.message : `${error}` };
  }
  await save(entry);
}

/** Wait before the next try: longer each time, until the line is back or somebody says so. @param {Entry} entry @param {string} trouble */
async function rest(entry, trouble) {
  const pauseMs = PAUSES_MS[Math.min(entry.tries++, PAUSES_MS.length - 1)];
  entry.trouble = trouble;
  entry.triesAt = Date.now() + pauseMs;
  entry.isSending = false;
  changed(entry);
  await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    entry.wake = resolve;
    entry.stop?.signal.addEventListener("abort", resolve);
    setTimeout(resolve, pauseMs);
  });
  entry.wake = entry.triesAt = undefined;
}

// ---------------------------------------------------------------- what becomes of it

/** What the station has made of an item. @param {string} id */
async function follow(id) {
  const entry = entries.get(id);
  if (!entry?.item.segmentId) return;
  try {
    const segment = await get(`/api/v1/segments/${entry.item.segmentId}`);
    const code = segment.problem?.type?.split(":").pop();
    entry.item.segment = { state: segment.state, detail: segment.problem?.detail, code, sameAs: segment.same_audio_as[0] };
    await save(entry);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) await remove(entry);
  }
}

/** Something has happened to a segment. @param {number} segmentId */
export function hear(segmentId) {
  for (const { item } of entries.values()) if (item.segmentId === segmentId) follow(item.id);
}
