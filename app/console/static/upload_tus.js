// @ts-check
// One file to the station over tus 1.0.0 (tus.io/protocols/resumable-upload): begin, ask where it stands, bring the next piece.
//
// Each piece carries its checksum, so it is taken whole or not at all; its size follows the line, so that a break costs seconds.

import { Problem, send, signInAgain, token } from "./api.js";
import { words } from "./words.js";

/** @typedef {import("./upload_store.js").Item} Item */

const TUS = { "Tus-Resumable": "1.0.0" };
const UPLOADS = "/api/v1/uploads";
const MIB = 1 << 20;
const SMALLEST_PIECE = MIB / 8;
const LARGEST_PIECE = 8 * MIB;
const PIECE_MS = 2000;
const HASHED_WHOLE = 64 * MIB; // browsers hash only what they hold in memory at once
const SILENT_MS = 60_000;

/** The line broke, or the station is not ready: the same may work a little later. */
export class Broken extends Error {}

/** What one who is signed out has not given the key for. */
export class SignedOut extends Error {}

/** Answers that say "not now", beside those of a server in trouble. 409 and 423: a connection of ours that is dead and not known to be. */
const PASSING = new Set([408, 409, 423, 429, 460]);

/** @param {number} status 507 is a full disk: a person has to do something */
const isPassing = (status) => PASSING.has(status) || (status >= 500 && status !== 507);

/**
 * Bring a file, or the rest of it. `changed` is called whenever `item` has (where it is, how much of it is there).
 * @param {Item} item @param {Blob} file @param {(item: Item, brought: number) => void} changed @param {AbortSignal} signal
 * @returns {Promise<number>} the segment that it has become
 * @throws {Broken} @throws {Problem} the station does not take it @throws {SignedOut}
 */
export async function bring(item, file, changed, signal) {
  let stands = item.location ? await where(item, signal) : null;
  stands ??= await announce(item, file, changed, signal);
  let size = SMALLEST_PIECE * 2;
  while (stands.segmentId === undefined) {
    const offset = (item.brought = stands.offset);
    changed(item, offset);
    const began = performance.now();
    stands = await bringPiece(item, file.slice(offset, offset + size), (bytes) => changed(item, offset + bytes), signal);
    const fits = (size * PIECE_MS) / Math.max(performance.now() - began, 1);
    size = Math.round(Math.min(Math.max(fits, size / 2, SMALLEST_PIECE), size * 2, LARGEST_PIECE));
  }
  return stands.segmentId;
}

/** End an upload; what arrived of it is removed. @param {Item} item */
export async function end(item) {
  if (item.location) await send("DELETE", item.location, { headers: TUS }).catch(() => {}); // it expires by itself, too
}

/** @typedef {{ offset: number, segmentId?: number }} Stands */

/** @param {(name: string) => string | null} header @returns {Stands} */
function standsBy(header) {
  const segment = header("Danpa-Segment");
  return { offset: Number(header("Upload-Offset")), segmentId: segment ? Number(segment) : undefined };
}

/** Ask the API, telling what passes from what does not. @param {string} method @param {string} path @param {any} more */
async function ask(method, path, more) {
  try {
    return await send(method, path, more);
  } catch (error) {
    if (error instanceof Problem) {
      if (error.status === 401) throw new SignedOut();
      if (isPassing(error.status)) throw new Broken(error.message);
    } else if (!(error instanceof DOMException)) {
      throw new Broken(words("library.js.broken"));
    }
    throw error;
  }
}

/** Where an upload stands; null if the station does not know it any more. @param {Item} item @param {AbortSignal} signal */
async function where(item, signal) {
  try {
    const { headers } = await ask("HEAD", item.location ?? "", { headers: TUS, signal });
    return standsBy((name) => headers.get(name));
  } catch (error) {
    if (!(error instanceof Problem && (error.status === 404 || error.status === 410))) throw error;
    item.location = undefined;
    item.announced = false;
    return null;
  }
}

/** @param {Item} item @param {Blob} file @param {(item: Item, brought: number) => void} changed @param {AbortSignal} signal */
async function announce(item, file, changed, signal) {
  if (!item.sha256 && file.size <= HASHED_WHOLE) item.sha256 = await sha256(file, hex);
  const found = item.announced ? await begun(item, signal) : undefined;
  if (found) {
    item.location = found.location;
  } else {
    item.announced = true; // should the answer be lost, the upload is looked for
    changed(item, 0);
    const { headers } = await ask("POST", UPLOADS, {
      headers: { ...TUS, "Upload-Length": `${file.size}`, "Upload-Metadata": metadata(item) },
      signal,
    });
    item.location = headers.get("Location") ?? undefined;
  }
  changed(item, found?.offset ?? 0);
  return { offset: 0, ...(found ? await where(item, signal) : {}) };
}

/** The upload whose address was lost with the answer. @param {Item} item @param {AbortSignal} signal */
async function begun(item, signal) {
  const { data } = await ask("GET", `${UPLOADS}?limit=200`, { signal });
  return data.items.find(
    (/** @type {any} */ one) =>
      one.length === item.bytes && one.sha256 === (item.sha256 ?? null) && one.fields.title?.[0] === item.fields.title && one.fields.batch?.[0] === item.fields.batch,
  );
}

/** @param {Item} item */
function metadata(item) {
  const said = { filename: item.name, ...item.fields, ...(item.sha256 ? { sha256: item.sha256 } : {}) };
  return Object.entries(said).map(([name, value]) => `${name} ${base64(new TextEncoder().encode(value))}`).join(",");
}

/** @param {Item} item @param {Blob} piece @param {(bytes: number) => void} brought @param {AbortSignal} signal @returns {Promise<Stands>} */
async function bringPiece(item, piece, brought, signal) {
  const checksum = await sha256(piece, base64);
  const answer = await patch(item, piece, checksum, brought, signal);
  if (answer.status === 204) return standsBy((name) => answer.getResponseHeader(name));
  if (answer.status === 401) {
    if (!(await signInAgain())) throw new SignedOut();
    return bringPiece(item, piece, brought, signal);
  }
  if (isPassing(answer.status)) throw new Broken(words("library.js.busy"));
  let document = {};
  try {
    document = JSON.parse(answer.responseText);
  } catch {
    // not from Danpa: a proxy refuses in its own words
  }
  throw new Problem(answer.status, document);
}

/**
 * One PATCH. Only XMLHttpRequest tells how much of a body has left.
 * @param {Item} item @param {Blob} piece @param {string | undefined} checksum @param {(bytes: number) => void} brought @param {AbortSignal} signal
 * @returns {Promise<XMLHttpRequest>}
 */
function patch(item, piece, checksum, brought, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    /** @type {ReturnType<typeof setTimeout>} */
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(stop, SILENT_MS); // a line that is dead without saying so
    };
    request.open("PATCH", item.location ?? "");
    const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": `${item.brought}`, "X-CSRF-Token": token() };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (checksum) request.setRequestHeader("Upload-Checksum", `sha256 ${checksum}`);
    request.upload.onprogress = ({ loaded }) => {
      heard();
      brought(loaded);
    };
    request.onload = () => resolve(request);
    request.onerror = request.onabort = () => reject(signal.aborted ? signal.reason : new Broken(words("library.js.broken")));
    request.onloadend = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) return reject(signal.reason);
    heard();
    request.send(piece);
  });
}

/**
 * Undefined where the page is not served safely (neither https nor this machine): browsers hash nothing there.
 * @param {Blob} blob @param {(bytes: Uint8Array) => string} written
 */
async function sha256(blob, written) {
  if (!globalThis.crypto?.subtle) return undefined;
  try {
    return written(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
  } catch (error) {
    // The file on the disk was changed or removed since it was chosen
    throw new Problem(0, { type: "unreadable", detail: error instanceof Error ? error.message : `${error}` });
  }
}

/** @param {Uint8Array} bytes */
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
