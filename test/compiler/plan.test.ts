/** @file What the compiler makes of a graph, seen from outside: layouts, boxing, bytes, memory, safety, determinism. */
import { B, compile, graph, nn, optim, Plan, type PlanData, placement, S } from "sluice";
import { describe, expect, test } from "vitest";
import { hashOf } from "../../src/compiler/seal.ts";
import { verify } from "../../src/compiler/verify.ts";
import { compiled } from "../truth/mlp.ts";

const layoutsOf = (plan: Plan, op: string) => {
  const { graph: g, layouts } = plan.data;
  const found = g.ops.find((o) => o.name === op);
  if (!found) throw new Error(`no op ${op} among ${g.ops.map((o) => o.name).join(", ")}`);
  const text = (id: number) =>
    layouts[id]!.map(([axis, sbp]) => `${axis}:${sbp.kind}${sbp.kind === "S" ? sbp.dim : ""}`).join(" ");
  return { ins: found.inputs.map(text), outs: found.outputs.map(text) };
};

describe("an MLP with its first weight split by columns and its second by rows", () => {
  const plan = compiled({ data: 2, model: 2 });

  test("runs the first layer without boxing, on both axes", () => {
    expect(layoutsOf(plan, "fc1.matmul")).toEqual({ ins: ["data:S0", "model:S1"], outs: ["data:S0 model:S1"] });
  });

  test("leaves the second layer's result partial over the model axis", () => {
    expect(layoutsOf(plan, "fc2.matmul")).toEqual({
      ins: ["data:S0 model:S1", "model:S0"],
      outs: ["data:S0 model:P"],
    });
  });

  test("reduces activations over model and gradients over data, and nothing else", () => {
    const kinds = plan.communication.map(({ kind, axis }) => `${kind} ${axis}`);
    expect(kinds).toEqual(["all-reduce model", "all-reduce data"]);
  });

  test("predicts the bytes of an all-reduce: 2 (p − 1) T over each group", () => {
    const [activations] = plan.communication;
    const local = 30 * 10 * 4; // batch / data × classes, float32
    expect(activations?.bytes).toBe(2 * 1 * local * 2); // two groups along the model axis
  });

  test("keeps a parameter's moments where the parameter is", () => {
    const byName = new Map(plan.data.states.map((s) => [s.name, s.layout]));
    for (const name of ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]) {
      expect(byName.get(`${name}.m`), name).toEqual(byName.get(name));
      expect(byName.get(`${name}.v`), name).toEqual(byName.get(name));
    }
  });

  test("memory ends where the last buffer ends, the same on equal ranks", () => {
    const end = Math.max(...plan.data.buffers.map((b) => b.offset + b.bytes * b.slots));
    expect(plan.memory.map((m) => m.bytes)).toEqual([end, end, end, end]);
  });

  test("writes each program once for ranks that share it", () => {
    const [first] = plan.data.tasks.filter((t) => t.kind === "compute");
    expect(first?.classes.map((c) => c.ranks)).toEqual([[0, 1, 2, 3]]);
  });
});

test("the same graph gives the same plan, byte for byte", () => {
  const once = JSON.stringify(compiled({ data: 2, model: 2 }));
  expect(JSON.stringify(compiled({ data: 2, model: 2 }))).toBe(once);
});

test("every pass can be printed before and after", () => {
  const seen: string[] = [];
  const mesh = placement("cpu", { data: 2 });
  const net = nn.linear(4, 2, { name: "fc" });
  const g = graph(
    mesh,
    { name: "tiny", model: net, inputs: { x: mesh.input([8, 4], "float32", { data: S(0) }) } },
    ({ x }, b) => {
      const loss = net(x).mean();
      b.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    },
  );
  compile(g, {
    dims: {},
    onPass: (name, before, after) => {
      seen.push(name);
      if (name === "autodiff") {
        expect(before()).not.toContain("fc.weight.update");
        expect(after()).toContain("fc.weight.update");
      }
      if (name === "box") expect(after()).toContain("boxing(");
    },
  });
  expect(seen).toEqual([
    "bind",
    "cut",
    "narrow",
    "reorder",
    "autodiff",
    "repeat",
    "simplify",
    "settle",
    "widen",
    "prune",
    "constrain",
    "choose",
    "expand",
    "box",
    "micro",
    "fuse",
    "join",
    "buffers",
    "registers",
    "lower",
    "memory",
  ]);
});

test("without annotations a large batch and a small model go data-parallel", () => {
  const mesh = placement("cpu", { d: 4 });
  const net = nn.linear(16, 16, { name: "fc" });
  const g = graph(
    mesh,
    { name: "free", model: net, inputs: { x: mesh.input([4096, 16], "float32", { d: S(0) }) } },
    ({ x }, b) => {
      const loss = net(x).relu().mean();
      b.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    },
  );
  const plan = compile(g);
  expect(layoutsOf(plan, "fc.matmul")).toEqual({ ins: ["d:S0", ""], outs: ["d:S0"] });
});

test("an explicit boxing is kept", () => {
  const mesh = placement("cpu", { d: 2 });
  const g = graph(mesh, { name: "explicit", inputs: { x: mesh.input([6, 4], "float32", { d: S(0) }) } }, ({ x }) => ({
    out: x
      .to(mesh, { d: S(1) })
      .relu()
      .to(mesh, { d: B }),
  }));
  expect(compile(g).communication.map((c) => c.kind)).toEqual(["all-to-all", "all-gather"]);
});

describe("proof before launch", () => {
  const { data } = compiled({ data: 2, model: 2 });

  test("the compiler's own plans pass", () => {
    expect(() => verify(data)).not.toThrow();
  });

  test("a task scheduled before what it needs is refused, both named", () => {
    const schedule = data.schedule.map((lane) => ({ ...lane, tasks: lane.tasks.toReversed() }));
    expect(() => verify({ ...data, schedule })).toThrow(
      /would deadlock: "[^"]+" before "[^"]+" \(which reads its register \d+\)[\s\S]*next on stream \w+ of ranks 0,1,2,3/,
    );
  });

  test("two collectives that one rank starts the other way round are refused, with communicator and numbers", () => {
    const mesh = placement("cpu", { d: 4 });
    const { data } = compile(
      graph(mesh, { name: "two", inputs: { x: mesh.input([8, 8], "float32", { d: S(0) }) } }, ({ x }) => ({
        out: x
          .to(mesh, { d: S(1) })
          .exp()
          .to(mesh, { d: B }),
      })),
    );
    const comm = data.schedule.find(({ stream }) => stream === "comm")!;
    const [first, second] = data.collectives.filter((c) => c.communicator === 0).map(({ task }) => task);
    const swapped = comm.tasks.map((task) => (task === first ? second! : task === second ? first! : task));
    const schedule = [
      ...data.schedule.filter((lane) => lane !== comm),
      { ...comm, ranks: comm.ranks.filter((rank) => rank !== 1) },
      { ...comm, ranks: [1], tasks: swapped },
    ];
    expect(() => verify(data)).not.toThrow();
    expect(() => verify({ ...data, schedule })).toThrow(
      /rank 1 starts number 1 of communicator 0 before number 0[\s\S]*on every rank[\s\S]*SL3023/,
    );
  });

  test("two tasks in another order on one rank, which nothing else orders, are refused", () => {
    const schedule = data.schedule.flatMap((lane) => [
      { ...lane, ranks: [0, 1, 2] },
      { ...lane, ranks: [3], tasks: lane.tasks.toReversed() },
    ]);
    expect(() => verify({ ...data, schedule })).toThrow(/next on stream \w+ of rank/);
  });

  test("a state with no slot to write to is refused, with the count that frees it", () => {
    const edges = data.edges.map((e) => (e.delay === 1 ? { ...e, delay: 2 } : e));
    expect(() => verify({ ...data, edges })).toThrow(/waits for one of its 1 slots[\s\S]*3 slots/);
  });

  test("overlapping buffers are refused", () => {
    const buffers = data.buffers.map((b) => (b.id === 1 ? { ...b, offset: data.buffers[0]!.offset } : b));
    expect(() => verify({ ...data, buffers })).toThrow(/two buffers overlap/);
  });
});

describe("a plan from a file", () => {
  const text = JSON.stringify(compiled({ data: 2, model: 2 }));

  test("comes back as it was", () => {
    expect(JSON.stringify(Plan.fromJSON(text))).toBe(text);
    expect(Plan.fromJSON(JSON.parse(text)).hash).toBe(JSON.parse(text).hash);
  });

  test("is refused when one byte of it was edited", () => {
    const edited = text.replace('"lr":', '"lR":').replace('"slots":2', '"slots":3');
    expect(edited).not.toBe(text);
    expect(() => Plan.fromJSON(edited)).toThrow(/the plan was changed[\s\S]*compile the graph again[\s\S]*SL3033/);
  });

  test("is refused when it is of another version", () => {
    expect(() => Plan.fromJSON(text.replace('"version":1', '"version":99'))).toThrow(/version 99[\s\S]*SL3031/);
  });

  test.each([
    ["", /not a plan/],
    ["{", /not a plan/],
    ["null", /not a plan/],
    ['{"format":"safetensors"}', /format is "safetensors"/],
    ['{"format":"sluice-plan","version":1}', /malformed at/],
  ])("is refused when it is %j", (bad, message) => {
    expect(() => Plan.fromJSON(bad)).toThrow(message);
  });

  describe("with a hash that fits, but", () => {
    type Edit = (plan: PlanData) => PlanData;
    const task = (plan: PlanData, edit: (t: PlanData["tasks"][number]) => PlanData["tasks"][number]): PlanData => ({
      ...plan,
      tasks: plan.tasks.map((t) => (t.id === 1 ? edit(t) : t)),
    });
    const edits: [string, Edit, RegExp][] = [
      [
        "more slots than its buffers have",
        (p) => ({ ...p, registers: p.registers.map((r) => ({ ...r, slots: r.slots + 3 })) }),
        /register 0 has 5 slots, its buffer \w+ has 2/,
      ],
      [
        "a rank without a program",
        (p) => task(p, (t) => ({ ...t, classes: t.classes.map((c) => ({ ...c, ranks: c.ranks.slice(1) })) })),
        /has programs for ranks 1,2,3, it runs on 0,1,2,3/,
      ],
      ["a rank without memory", (p) => ({ ...p, memory: [] }), /rank 0 has no memory/],
      [
        "a kernel that is none",
        (p) => task(p, (t) => ({ ...t, classes: [{ ranks: [0, 1, 2, 3], program: [{ kernel: "conv9", args: [] }] }] })),
        /conv9, which is no kernel/,
      ],
      [
        "an address that leads nowhere",
        (p) =>
          task(p, (t) => ({
            ...t,
            classes: [{ ranks: [0, 1, 2, 3], program: [{ kernel: "fill", args: [1, 0, { buffer: 9999 }] }] }],
          })),
        /buffer 9999 of \d+ does not exist/,
      ],
      ["edges that lead nowhere", (p) => ({ ...p, edges: p.edges.map((e) => ({ ...e, to: 99 })) }), /task 99 of 7/],
    ];
    test.each(edits)("%s, it is refused", (_, edit, message) => {
      const edited = edit(JSON.parse(text) as PlanData);
      expect(() => Plan.fromJSON({ ...edited, hash: hashOf(edited) })).toThrow(message);
    });
  });

  test("is refused when it is cut short", () => {
    expect(() => Plan.fromJSON(text.slice(0, text.length / 2))).toThrow(/not a plan/);
  });
});
