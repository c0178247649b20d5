// @ts-check
// What has not reached the station yet, kept in this browser: files with how far each is, and recordings in pieces.
// A reload, a closed tab and a crash lose nothing of it.

import { Problem } from "./api.js";

/**
 * A file on its way. `sound` says where its bytes are: "kept" here, in the pieces of a "recording", or with its owner only
 * ("asked"), who is asked for it again. `state`: "waiting" and "paused" are to be sent, "refused" is not taken, "sent" is a segment.
 * @typedef {{ id: string, person: string, name: string, bytes: number, modified: number, addedAt: number, sound: "kept" | "recording" | "asked",
 *   fields: Record<string, string>, sha256?: string, location?: string, announced?: boolean, brought: number,
 *   state: "waiting" | "paused" | "refused" | "sent", problem?: { code: string, detail: string }, segmentId?: number,
 *   segment?: { state: string, detail?: string, code?: string, sameAs?: number } }} Item
 *
 * A recording made here. It is whole when `endedAt` is there; else its tab was closed or crashed.
 * @typedef {{ id: string, person: string, startedAt: number, samples: number, endedAt?: number }} Recording
 */

export const RATE = 48_000;
const HEADER_BYTES = 44;

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("danpa-uploads", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("items", { keyPath: "id" });
      asked.result.createObjectStore("files"); // by the item's id
      asked.result.createObjectStore("recordings", { keyPath: "id" });
      asked.result.createObjectStore("pieces", { keyPath: ["recording", "number"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  opened.catch(() => (opened = undefined)); // there may be room for it the next time
  return opened;
}

/**
 * One transaction; gives what the request that `act` returns has found, once all of it is written.
 * @param {string[]} stores @param {(stores: Record<string, IDBObjectStore>) => IDBRequest | void} act @returns {Promise<any>}
 */
async function transact(stores, act, mode = /** @type {IDBTransactionMode} */ ("readwrite")) {
  const transaction = (await database()).transaction(stores, mode);
  const request = act(Object.fromEntries(stores.map((name) => [name, transaction.objectStore(name)])));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

const person = () => document.body.dataset.person ?? "";

export const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// ---------------------------------------------------------------- files on their way

/** This person's files, the oldest first. @returns {Promise<Item[]>} */
export async function items() {
  const all = await transact(["items"], ({ items }) => items.getAll(), "readonly");
  return all.filter((/** @type {Item} */ one) => one.person === person()).sort((/** @type {Item} */ a, /** @type {Item} */ b) => a.addedAt - b.addedAt);
}

/** @param {string} id @returns {Promise<Item | undefined>} as it is kept */
export const readItem = (id) => transact(["items"], ({ items }) => items.get(id), "readonly");

/** @param {Item} item */
export const writeItem = (item) => transact(["items"], ({ items }) => items.put(item));

/** Keep a file itself. Rejects where the browser has no room for it. @param {string} id @param {Blob} file */
export const keepFile = (id, file) => transact(["files"], ({ files }) => files.put(file, id));

/** The bytes of an item that are kept here. @param {Item} item @returns {Promise<Blob | undefined>} */
export async function fileOf(item) {
  if (item.sound === "recording") return wav(item.id);
  return item.sound === "kept" ? transact(["files"], ({ files }) => files.get(item.id), "readonly") : undefined;
}

/** Its bytes are not needed any more. @param {Item} item */
export async function forgetBytes(item) {
  await transact(["files", "recordings", "pieces"], ({ files, recordings, pieces }) => {
    files.delete(item.id);
    recordings.delete(item.id);
    pieces.delete(piecesOf(item.id));
  });
}

/** @param {Item} item */
export async function forgetItem(item) {
  await forgetBytes(item);
  await transact(["items"], ({ items }) => items.delete(item.id));
}

// ---------------------------------------------------------------- recordings

/** @param {string} id */
const piecesOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

/** @returns {Promise<Recording>} */
export async function beginRecording() {
  const made = { id: newId(), person: person(), startedAt: Date.now(), samples: 0 };
  await transact(["recordings"], ({ recordings }) => recordings.add(made));
  return made;
}

/** Add a piece, and how long the recording is with it, in one step. @param {Recording} recording @param {number} number @param {Int16Array} samples */
export const addPiece = (recording, number, samples) =>
  transact(["recordings", "pieces"], ({ recordings, pieces }) => {
    pieces.put({ recording: recording.id, number, samples });
    recordings.put(recording);
  });

/** @param {Recording} recording */
export const writeRecording = (recording) => transact(["recordings"], ({ recordings }) => recordings.put(recording));

/** @param {string} id */
export const forgetRecording = (id) =>
  transact(["recordings", "pieces"], ({ recordings, pieces }) => {
    recordings.delete(id);
    pieces.delete(piecesOf(id));
  });

/** Recordings of this person that nobody has sent. @returns {Promise<Recording[]>} */
export async function unsentRecordings() {
  const [all, sending] = await Promise.all([transact(["recordings"], ({ recordings }) => recordings.getAll(), "readonly"), items()]);
  const taken = new Set(sending.map(({ id }) => id));
  return all.filter((/** @type {Recording} */ one) => one.person === person() && one.samples && !taken.has(one.id));
}

/** One piece of a recording. @param {string} id @param {number} number @returns {Promise<Int16Array | undefined>} */
export async function readPiece(id, number) {
  return (await transact(["pieces"], ({ pieces }) => pieces.get([id, number]), "readonly"))?.samples;
}

/**
 * A recording as a WAV file: 48 kHz, 16 bits, mono. One piece is in memory at a time.
 * @param {string} id @throws {Problem} not all of it is here: what is sent is forgotten, so a part is not sent as the whole
 */
export async function wav(id) {
  const parts = [];
  for (let number = 0, piece; (piece = await readPiece(id, number)); number++) parts.push(new Blob([/** @type {BlobPart} */ (piece)]));
  const bytes = parts.reduce((sum, part) => sum + part.size, 0);
  /** @type {Recording | undefined} */
  const recording = await transact(["recordings"], ({ recordings }) => recordings.get(id), "readonly");
  if (bytes !== (recording?.samples ?? NaN) * 2) throw new Problem(0, { type: "recording-gap" });
  return new Blob([wavHeader(bytes), ...parts], { type: "audio/wav" });
}

/** @param {number} samples */
export const wavBytes = (samples) => HEADER_BYTES + samples * 2;

/** The head of a RIFF file (Microsoft's Multimedia Programming Interface 1.0). @param {number} bytes of its samples */
function wavHeader(bytes) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // mono
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
}
