import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PbfReader } from "pbf";
import { Subject } from "rxjs";
import { array, compile, graph, launch, nn, optim, placement, S, type StepMetrics, writeMetrics } from "sluice";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crc32c } from "../../src/metrics/crc32c.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-metrics-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = (file: string) =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

interface Event {
  wallTime?: number;
  step: number;
  version?: string;
  scalars: [tag: string, value: number][];
}

/** Fields by their numbers in tensorflow's event.proto and summary.proto. */
function decode(bytes: Uint8Array): Event {
  const event: Event = { step: 0, scalars: [] };
  const pbf = new PbfReader(bytes);
  pbf.readFields((tag) => {
    if (tag === 1) event.wallTime = pbf.readDouble();
    if (tag === 2) event.step = pbf.readVarint();
    if (tag === 3) event.version = pbf.readString();
    if (tag === 5)
      pbf.readMessage((inSummary) => {
        const scalar: [string, number] = ["", Number.NaN];
        if (inSummary !== 1) return;
        pbf.readMessage((inValue) => {
          if (inValue === 1) scalar[0] = pbf.readString();
          if (inValue === 2) scalar[1] = pbf.readFloat();
        }, null);
        event.scalars.push(scalar);
      }, null);
  }, null);
  return event;
}

/** The checksum of a frame, undone as TensorFlow's reader undoes it. */
const unmasked = (crc: number) => {
  const rotated = (crc - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

function records(file: string): Event[] {
  const bytes = readFileSync(file);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(unmasked(bytes.readUInt32LE(at + 8))).toBe(crc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmasked(bytes.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    events.push(decode(data));
    at += 16 + length;
  }
  return events;
}

describe("CRC-32C", () => {
  it("has the values of RFC 3720, B.4", () => {
    const hex = (bytes: Iterable<number>) => crc32c(Uint8Array.from(bytes)).toString(16).padStart(8, "0");
    expect(hex(new Array(32).fill(0))).toBe("8a9136aa");
    expect(hex(new Array(32).fill(0xff))).toBe("62a8ab43");
    expect(hex(Array.from({ length: 32 }, (_, i) => i))).toBe("46dd794e");
    expect(hex(Array.from({ length: 32 }, (_, i) => 31 - i))).toBe("113fdb5c");
    const command =
      "01c00000000000000000000000000000140000000000040000000014000000182800000000000000" + "0200000000000000";
    expect(hex(Buffer.from(command, "hex"))).toBe("d9963a56");
    expect(hex(Buffer.from("123456789"))).toBe("e3069283");
    expect(hex([])).toBe("00000000");
  });
});

const mesh = placement("cpu", { data: 2 });
const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32", { data: S(0) }) };
const training = graph(mesh, { name: "training", model: net, inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});
const evaluation = graph(mesh, { name: "evaluation", model: net, inputs }, ({ x }) => ({ mean: net(x).mean() }));
const batch = {
  x: array(
    [8, 6],
    "float32",
    Float32Array.from({ length: 48 }, (_, i) => i % 5),
  ),
};

describe("metrics in files", () => {
  it("are those that the session told, of every plan, run after run", async () => {
    const plan = compile(training);
    const told: StepMetrics[] = [];
    const [jsonl, runs] = [join(folder, "new", "run.jsonl"), join(folder, "runs")];
    let files: readonly string[] = [];
    {
      await using session = await launch(plan, { engine: "wasm" });
      const tester = await session.load(compile(evaluation, { sharding: plan.sharding }));
      session.metrics$.subscribe((step) => told.push(step));
      using written = writeMetrics(session.metrics$, { jsonl, tensorBoard: runs });
      ({ files } = written);
      for (let epoch = 0; epoch < 2; epoch++) {
        for await (const _ of session.run([batch, batch, batch]));
        for await (const _ of tester.run([batch]));
      }
    }
    expect(told).toHaveLength(8);
    expect(lines(jsonl)).toEqual(told);
    expect(readdirSync(runs)).toHaveLength(1);
    expect(files).toEqual([jsonl, join(runs, readdirSync(runs)[0]!)]);
    const [first, ...events] = records(files[1]!);
    expect(first!.version).toBe("brain.Event:2");
    expect(files[1]).toMatch(/events\.out\.tfevents\.\d{10}\./);
    expect(events.map(({ step, scalars }) => [scalars[0]![0], step])).toEqual(
      [0, 1, 2, -1, 3, 4, 5, -2].map((n) => (n < 0 ? ["evaluation/mean", -n - 1] : ["training/loss", n])),
    );
    for (const [i, { wallTime, scalars }] of events.entries()) {
      const { plan: name, ms, outputs } = told[i]!;
      expect(Object.fromEntries(scalars)).toEqual({
        ...Object.fromEntries(
          Object.entries(outputs).map(([output, value]) => [`${name}/${output}`, Math.fround(value)]),
        ),
        [`${name}/ms_per_step`]: Math.fround(ms),
      });
      expect(Math.abs(wallTime! - Date.now() / 1000)).toBeLessThan(60);
    }
  });

  const step = (n: number, loss: number): StepMetrics => ({ plan: "p", step: n, ms: 1, outputs: { loss } });

  it("tell what is no finite number, in both", () => {
    const metrics = new Subject<StepMetrics>();
    const jsonl = join(folder, "run.jsonl");
    const { files, close } = writeMetrics(metrics, { jsonl, tensorBoard: folder });
    for (const [i, loss] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries())
      metrics.next(step(i, loss));
    close();
    metrics.next(step(3, 0));
    expect(lines(jsonl).map(({ outputs }) => outputs.loss)).toEqual(["NaN", "Infinity", "-Infinity"]);
    expect(
      records(files[1]!)
        .slice(1)
        .map(({ scalars }) => scalars[0]![1]),
    ).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it("are appended to a file of lines; each writer has an event file of its own", () => {
    const jsonl = join(folder, "run.jsonl");
    for (let run = 0; run < 2; run++) {
      const metrics = new Subject<StepMetrics>();
      writeMetrics(metrics, { jsonl, tensorBoard: join(folder, "tb") });
      metrics.next(step(run, 0.5));
      metrics.complete();
    }
    expect(lines(jsonl).map(({ step: n }) => n)).toEqual([0, 1]);
    expect(readdirSync(join(folder, "tb"))).toHaveLength(2);
  });

  it("of a session that has ended already are none", () => {
    const over = new Subject<StepMetrics>();
    over.complete();
    const jsonl = join(folder, "run.jsonl");
    writeMetrics(over, { jsonl }).close();
    expect(readFileSync(jsonl, "utf8")).toBe("");
  });

  it.each([
    ["an error that nobody catches", 'throw new Error("out");'],
    ["a signal that cannot be caught", 'process.kill(process.pid, "SIGKILL");'],
  ])("are whole when the process ends by %s", (_, end) => {
    const jsonl = join(folder, "run.jsonl");
    const module = JSON.stringify(fileURLToPath(new URL("../../src/metrics/write.ts", import.meta.url)));
    const program = `
      import { Subject } from "rxjs";
      const { writeMetrics } = await import(${module});
      const metrics = new Subject();
      writeMetrics(metrics, { jsonl: ${JSON.stringify(jsonl)}, tensorBoard: ${JSON.stringify(join(folder, "tb"))} });
      for (let step = 0; step < 100; step++) metrics.next({ plan: "p", step, ms: 1, outputs: { loss: 1 / step } });
      ${end}`;
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    expect(child.status).not.toBe(0);
    expect(lines(jsonl)).toHaveLength(100);
    const [name] = readdirSync(join(folder, "tb"));
    expect(records(join(folder, "tb", name!)).map(({ step }) => step)).toEqual([
      0,
      ...Array.from({ length: 100 }, (_, i) => i),
    ]);
  });

  it("are refused where they cannot be written, and what was opened is closed", () => {
    const metrics = new Subject<StepMetrics>();
    expect(() => writeMetrics(metrics, { jsonl: join(folder, "a.jsonl"), tensorBoard: "/dev/null/runs" })).toThrow(
      /SL7050/,
    );
    expect(metrics.observed).toBe(false);
    expect(() => writeMetrics(metrics, {})).toThrow(/names no file.*SL1075/s);
    expect(() => writeMetrics(metrics, { jsonl: "" })).toThrow(/SL1075/);
    expect(() => writeMetrics(metrics, { json: "x" } as object)).toThrow(/did you mean "jsonl".*SL1074/s);
  });

  it.skipIf(!existsSync("/dev/full"))(
    "warn when the disk is full, leave the training alone, and say so when closed",
    async () => {
      const metrics = new Subject<StepMetrics>();
      const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
      const writer = writeMetrics(metrics, { jsonl: "/dev/full" });
      metrics.next(step(0, 1));
      metrics.next(step(1, 1));
      expect((await warned).message).toMatch(/\/dev\/full: metrics cannot be written: ENOSPC/);
      expect(metrics.observed).toBe(false);
      expect(() => writer.close()).toThrow(/ENOSPC.*SL7050/s);
      expect(() => writer.close()).not.toThrow();
    },
  );
});
