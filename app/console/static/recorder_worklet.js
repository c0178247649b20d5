// Runs where sound is processed: makes pieces of 16-bit samples of what comes in, and tells its level.
// Not checked for types: the audio scope's globals are in no library of TypeScript's.
// @ts-nocheck

const PIECE = 24_000; // half a second
const LEVEL = 2400; // twenty times a second

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.isRecording = false;
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
    this.peak = 0;
    this.measured = 0;
    this.port.onmessage = (/** @type {MessageEvent} */ { data }) => {
      this.isRecording = data === "record";
      if (data === "finish") this.hand(data);
    };
  }

  /** Give away what there is of the piece, and say whether that was asked for. @param {string} [asked] */
  hand(asked) {
    const samples = this.piece.slice(0, this.filled);
    this.filled = 0;
    this.port.postMessage({ samples, asked }, [samples.buffer]);
  }

  /** @param {Float32Array[][]} inputs */
  process([[channel]]) {
    if (!channel) return true;
    for (const value of channel) {
      this.peak = Math.max(this.peak, Math.abs(value));
      if (!this.isRecording) continue;
      this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
      if (this.filled === PIECE) this.hand();
    }
    this.measured += channel.length;
    if (this.measured >= LEVEL) {
      this.port.postMessage({ peak: this.peak });
      this.peak = this.measured = 0;
    }
    return true;
  }
}

registerProcessor("danpa-recorder", Recorder);
