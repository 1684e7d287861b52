/** The launcher's side of the wire, in memory: the twin of sandbox-images/launcher for tests. */
import { Duplex } from "node:stream";
import {
  FrameEncoder,
  fromLauncher,
  MAX_FROM_LAUNCHER_BYTES,
  toLauncher,
} from "../../src/docker/link/frames.ts";
import { LauncherDecoder } from "./launcher-decoder.ts";
import { settled } from "./manual-clock.ts";

interface Heard {
  type: number;
  payload: Buffer;
}

export interface RunHead {
  id: string;
  mode: string;
  retain: boolean;
  [key: string]: unknown;
}

export interface CallHead {
  op: string;
  [key: string]: unknown;
}

type Reply = { head: object; data?: Buffer };

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** As the engine sends it: `u8 stream | 3 zero bytes | u32 length | bytes`. */
const attached = (stream: number, data: Buffer) => {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

/** A launcher that a test plays. It outlives its streams; each `attach` gives another one. */
export class FakeLauncher {
  readonly heard: Heard[] = [];
  /** How many bytes each write of the service had, for the stream that is attached. */
  readonly writes: number[] = [];
  attaches = 0;
  answersPings = true;
  answersResume = true;
  interpreter = 1;
  /** The run that is on its way or going on. */
  running: string | undefined;
  /** Called when a run has arrived as a whole. */
  onRun: (head: RunHead, inputs: Buffer) => void = () => {};
  /** Answers a call; undefined: not yet. */
  onCall: (head: CallHead, data: Buffer, call: number) => Reply | undefined = () => undefined;
  #decoder = new LauncherDecoder();
  #encoder = new FrameEncoder(MAX_FROM_LAUNCHER_BYTES);
  #stream: Duplex | undefined;
  #number = 0;
  #retained: { number: number; run: string; type: number; payload: Buffer }[] = [];
  #retain = false;
  #inputs: { head?: RunHead; headBytes: number; left: number; parts: Buffer[] } | undefined;

  /** The service's stream; one that was there before is cut off. */
  attach(): Duplex {
    this.cut();
    this.attaches += 1;
    this.writes.length = 0;
    const take = (data: Buffer) => {
      this.writes.push(data.length);
      // Not within the service's own write, as no launcher ever hears anything.
      queueMicrotask(() => {
        if (this.#stream === stream) this.receive(data);
      });
    };
    const stream: Duplex = new Duplex({
      read: () => {},
      write: (data: Buffer, _, done) => {
        take(data);
        done();
      },
      writev: (chunks, done) => {
        take(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
        done();
      },
    });
    this.#stream = stream;
    return stream;
  }

  /** The stream ends here; the launcher goes on. */
  cut(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  /** The launcher ends. */
  end(): void {
    this.#stream?.push(null);
    this.#stream = undefined;
  }

  types(): number[] {
    return this.heard.map(({ type }) => type);
  }

  say(type: number, payload: Buffer | object = Buffer.alloc(0)): void {
    this.write(this.#encoder.encode(type, Buffer.isBuffer(payload) ? payload : json(payload)));
  }

  /** Bytes on the launcher's stdout that may be no frame. */
  write(data: Buffer): void {
    this.#stream?.push(attached(1, data));
  }

  complain(text: string): void {
    this.#stream?.push(attached(2, Buffer.from(text)));
  }

  /** An event of the run that is going on. */
  event(type: number, payload: Buffer | object = Buffer.alloc(0)): void {
    const event = {
      number: ++this.#number,
      run: this.running ?? "",
      type,
      payload: Buffer.isBuffer(payload) ? payload : json(payload),
    };
    if (this.#retain) this.#retained.push(event);
    this.say(type, Buffer.concat([u64(event.number), event.payload]));
    if (type === fromLauncher.exit || type === fromLauncher.refused) this.running = undefined;
  }

  start(): void {
    this.event(fromLauncher.started, { id: this.running });
  }

  answer(call: number, { head, data = Buffer.alloc(0) }: Reply): void {
    const headBytes = json(head);
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(call, 0);
    prefix.writeUInt32BE(headBytes.length, 4);
    this.say(fromLauncher.result, Buffer.concat([prefix, headBytes, data]));
  }

  receive(data: Buffer): void {
    for (const frame of this.#decoder.feed(data)) {
      if (frame === "cut") this.#inputs = undefined;
      else {
        this.heard.push(frame);
        this.#on(frame);
      }
    }
  }

  #on({ type, payload }: Heard): void {
    if (type === toLauncher.ping && this.answersPings) {
      this.say(fromLauncher.pong, Buffer.concat([payload, u64(5_000_000)]));
    } else if (type === toLauncher.run) {
      const { headBytes } = JSON.parse(payload.toString()) as { headBytes: number };
      this.#inputs = { headBytes, left: headBytes, parts: [] };
    } else if (type === toLauncher.input) this.#onInput(payload);
    else if (type === toLauncher.resume && this.answersResume) this.#onResume(payload);
    else if (type === toLauncher.ack) {
      const last = Number(payload.readBigUInt64BE(0));
      this.#retained = this.#retained.filter(({ number }) => number > last);
    } else if (type === toLauncher.call) this.#onCall(payload);
  }

  #onInput(payload: Buffer): void {
    const inputs = this.#inputs;
    if (!inputs) throw new Error("inputs of no run");
    inputs.parts.push(payload);
    inputs.left -= payload.length;
    if (inputs.left > 0) return;
    const all = Buffer.concat(inputs.parts);
    if (!inputs.head) {
      const head = JSON.parse(all.subarray(0, inputs.headBytes).toString());
      const files: { bytes: number }[] = head.files;
      inputs.left += head.codeBytes + head.stdinBytes + files.reduce((sum, { bytes }) => sum + bytes, 0);
      inputs.head = head;
      if (inputs.left > 0) return;
    }
    if (this.running !== undefined) throw new Error("a run while another one runs");
    this.#inputs = undefined;
    const { head } = inputs;
    if (!head) return;
    this.running = head.id;
    this.#retain = head.retain;
    this.onRun(head, all.subarray(inputs.headBytes));
  }

  #onResume(nonce: Buffer): void {
    this.#encoder = new FrameEncoder(MAX_FROM_LAUNCHER_BYTES);
    this.write(nonce);
    const retained = [...new Set(this.#retained.map(({ run }) => run))];
    this.say(fromLauncher.resumed, {
      running: this.running ?? null,
      retained,
      interpreter: this.interpreter,
    });
    for (const { number, type, payload } of this.#retained) {
      this.say(type, Buffer.concat([u64(number), payload]));
    }
  }

  #onCall(payload: Buffer): void {
    const call = payload.readUInt32BE(0);
    const end = 8 + payload.readUInt32BE(4);
    const head = JSON.parse(payload.subarray(8, end).toString()) as CallHead;
    const reply = this.onCall(head, payload.subarray(end), call);
    if (reply) this.answer(call, reply);
  }
}

/** Waits, without time, until the condition holds; the test's own timeout is the bound. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await settled();
};
