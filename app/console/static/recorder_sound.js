// @ts-check
// The microphone, as pieces of samples and a level; and recordings made of such pieces, heard again.

import { RATE, readPiece } from "./upload_store.js";

const AHEAD_S = 1.5; // so much is handed to the loudspeaker in advance
const PIECE_SAMPLES = 24_000; // as in recorder_worklet.js

/** A microphone that is open. */
export class Microphone {
  /**
   * @param {MediaStream} stream @param {AudioContext} context @param {AudioWorkletNode} node
   * @param {{ level: (peak: number) => void, piece: (samples: Int16Array) => void, lost: () => void }} tell
   */
  constructor(stream, context, node, tell) {
    this.stream = stream;
    this.context = context;
    this.node = node;
    /** Resolves once the last samples are there. @type {(() => void) | undefined} */
    this.handedOver = undefined;
    node.port.onmessage = ({ data }) => {
      if (data.peak !== undefined) tell.level(data.peak);
      if (data.samples?.length) tell.piece(data.samples);
      if (data.asked === "finish") this.handedOver?.();
    };
    stream.getAudioTracks()[0].onended = tell.lost;
  }

  /**
   * Ask for a microphone, as it is: no echo cancellation, no noise gate, no automatic level.
   * @param {string} deviceId of which; empty: the one that the system prefers @param {ConstructorParameters<typeof Microphone>[3]} tell
   * @throws {DOMException} as getUserMedia: there is none, it is not allowed, it is in use
   */
  static async open(deviceId, tell) {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const audio = { ...plain, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule(new URL("./recorder_worklet.js", import.meta.url).href);
    const mono = { numberOfOutputs: 0, channelCount: 1, channelCountMode: /** @type {ChannelCountMode} */ ("explicit") };
    const node = new AudioWorkletNode(context, "danpa-recorder", mono);
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    return new Microphone(stream, context, node, tell);
  }

  get deviceId() {
    return this.stream.getAudioTracks()[0].getSettings().deviceId ?? "";
  }

  record() {
    this.node.port.postMessage("record");
  }

  pause() {
    this.node.port.postMessage("pause");
  }

  /** Stop recording; all samples have been told when it resolves. */
  async finish() {
    const whole = new Promise((/** @type {(value?: void) => void} */ resolve) => (this.handedOver = resolve));
    this.node.port.postMessage("finish");
    await whole;
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    return this.context.close();
  }
}

export const microphones = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "audioinput");

/** A recording that is listened to, piece by piece: an hour of it would not fit into memory at once. */
export class Playing {
  /** @param {import("./upload_store.js").Recording} recording @param {(seconds: number, isOver: boolean) => void} tell */
  constructor(recording, tell) {
    this.recording = recording;
    this.tell = tell;
    this.context = new AudioContext({ sampleRate: RATE });
    this.isPlaying = false;
  }

  /** @param {number} fromS */
  async play(fromS) {
    this.isPlaying = true;
    let number = Math.floor((fromS * RATE) / PIECE_SAMPLES);
    let skip = Math.round(fromS * RATE) % PIECE_SAMPLES;
    const begins = this.context.currentTime + 0.1;
    let at = begins;
    while (this.isPlaying) {
      const samples = at - this.context.currentTime < AHEAD_S ? await readPiece(this.recording.id, number) : null;
      if (samples) {
        at += this.hand(samples.subarray(skip), at);
        number++;
        skip = 0;
      } else if (samples === undefined && this.context.currentTime >= at) break;
      else await new Promise((resolve) => setTimeout(resolve, 100));
      this.tell(fromS + Math.max(this.context.currentTime - begins, 0), false);
    }
    if (this.isPlaying) this.tell(0, true);
    this.isPlaying = false;
  }

  /** @param {Int16Array} samples @param {number} at @returns {number} seconds of it */
  hand(samples, at) {
    if (!samples.length) return 0;
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(Float32Array.from(samples, (value) => value / 32768), 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    source.start(at);
    return buffer.duration;
  }

  stop() {
    this.isPlaying = false;
    return this.context.close();
  }
}
