/** @file Layouts that are known to be good come out unaided; a limit on memory changes them; explicit mode refuses. */
import { B, compile, graph, type LinkModels, nn, optim, type Plan, placement, S } from "sluice";
import { describe, expect, test } from "vitest";

const layoutOf = (plan: Plan, name: string) => {
  const { graph: g, layouts } = plan.data;
  const value = g.values.find((v) => v.name === name);
  if (!value) throw new Error(`no value ${name} among ${g.values.map((v) => v.name).join(", ")}`);
  return layouts[value.id]!.map(([axis, sbp]) => `${axis}:${sbp.kind}${sbp.kind === "S" ? sbp.dim : ""}`).join(" ");
};
const stateOf = (plan: Plan, name: string) =>
  plan.data.states
    .find((s) => s.name === name)!
    .layout.map(([axis, sbp]) => `${axis}:${sbp.kind}${sbp.kind === "S" ? sbp.dim : ""}`)
    .join(" ");
const kinds = (plan: Plan) => plan.communication.map(({ kind }) => kind);
/** All-reduces, and those that leave the result split, for the gather to come behind the next op. */
const reductions = (plan: Plan) => kinds(plan).filter((kind) => kind.includes("reduce"));

describe("unaided", () => {
  test("an MLP on a model axis goes by columns, then by rows, with one reduction (Megatron-LM)", () => {
    const mesh = placement("cpu", { model: 4 });
    const net = nn.sequential(nn.linear(512, 2048, { name: "up" }), nn.gelu(), nn.linear(2048, 512, { name: "down" }));
    const x = mesh.input([64, 512], "float32", { model: B });
    const g = graph(mesh, { name: "mlp", model: net, inputs: { x } }, (on, training) => {
      const y = net(on.x).to(mesh, { model: B });
      training.minimize(y.mul(y).mean(), optim.adamW({ lr: 1e-3 }));
      return { y };
    });
    const plan = compile(g);
    expect(stateOf(plan, "up.weight")).toBe("model:S1");
    expect(stateOf(plan, "down.weight")).toBe("model:S0");
    expect(reductions(plan)).toHaveLength(1);
  });

  test("attention goes by heads, with one reduction behind the output projection (Megatron-LM)", () => {
    const mesh = placement("cpu", { model: 4 });
    const [batch, seq, heads, width] = [2, 32, 8, 512] as const;
    const layer = {
      q: nn.linear(width, width, { name: "q" }),
      k: nn.linear(width, width, { name: "k" }),
      v: nn.linear(width, width, { name: "v" }),
      o: nn.linear(width, width, { name: "o" }),
    };
    const model = nn.define(layer, () => () => undefined);
    const inputs = { x: mesh.input([batch, seq, width], "float32", { model: B }) };
    const g = graph(mesh, { name: "attention", model, inputs }, ({ x }, training) => {
      const split = (t: typeof x) => t.reshape([batch, seq, heads, 64]).permute([0, 2, 1, 3]);
      const mixed = nn.attention(split(layer.q(x)), split(layer.k(x)), split(layer.v(x)));
      const merged = mixed.permute([0, 2, 1, 3]).reshape([batch, seq, width]);
      const y = layer.o(merged).to(mesh, { model: B });
      training.minimize(y.mul(y).mean(), optim.adamW({ lr: 1e-3 }));
      return { y };
    });
    const plan = compile(g);
    for (const name of ["q", "k", "v"]) expect(stateOf(plan, `${name}.weight`), name).toBe("model:S1");
    expect(stateOf(plan, "o.weight")).toBe("model:S0");
    expect(reductions(plan)).toHaveLength(1);
  });

  test("a small model with a large batch goes data-parallel: only gradients are reduced", () => {
    const mesh = placement("cpu", { d: 4 });
    const net = nn.sequential(nn.linear(16, 16, { name: "a" }), nn.relu(), nn.linear(16, 10, { name: "b" }));
    const inputs = { x: mesh.input([65536, 16], "float32"), label: mesh.input([65536], "int32") };
    const g = graph(mesh, { name: "small", model: net, inputs }, ({ x, label }, on) => {
      const loss = nn.softmaxCrossEntropy(net(x), label).mean();
      on.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    });
    const plan = compile(g);
    expect(layoutOf(plan, "x")).toBe("d:S0");
    for (const name of ["a.weight", "a.bias", "b.weight", "b.bias"]) expect(stateOf(plan, name), name).toBe("");
    expect(new Set(kinds(plan))).toEqual(new Set(["all-reduce"]));
  });

  test("a sequence is split along the dim that the next op does not need, and changes it in between (DSP)", () => {
    const mesh = placement("cpu", { sp: 4 });
    const inputs = { x: mesh.input([64, 64, 32], "float32", { sp: S(0) }) };
    const g = graph(mesh, { name: "dsp", inputs }, ({ x }) => {
      const within = nn.attention(x, x, x).exp(); //            over dim 1, for each of dim 0
      const across = within.permute([1, 0, 2]); //            over dim 0, for each of dim 1
      return { y: nn.attention(across, across, across).exp() };
    });
    const plan = compile(g);
    expect(kinds(plan)).toEqual(["all-to-all"]);
    expect(layoutOf(plan, "exp_1")).toBe("sp:S0");
  });

  test("a large vocabulary is split, in the embedding and in the loss", () => {
    const mesh = placement("cpu", { model: 4 });
    const tokens = nn.embedding(65536, 256, { name: "tokens" });
    const head = nn.linear(256, 65536, { name: "head" });
    const model = nn.define({ tokens, head }, () => () => undefined);
    const ids = () => mesh.input([16], "int32", { model: B });
    const inputs = { ids: ids(), label: ids() };
    const g = graph(mesh, { name: "vocabulary", model, inputs }, ({ ids: x, label }, on) => {
      const loss = nn.softmaxCrossEntropy(head(tokens(x)), label).mean();
      on.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    });
    const plan = compile(g);
    expect(stateOf(plan, "head.weight")).toBe("model:S1");
    expect(stateOf(plan, "tokens.weight")).toMatch(/^model:S[01]$/);
    const moved = plan.communication.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(moved).toBeLessThan(65536 * 16 * 4); // less than the logits of the batch
  });
});

describe("a limit on memory", () => {
  const mesh = placement("cpu", { d: 4 });
  const net = nn.linear(512, 512, { name: "fc" });
  const x = mesh.input([64, 512], "float32", { d: S(0) });
  const g = graph(mesh, { name: "limited", model: net, inputs: { x } }, (on) => ({ y: net(on.x) }));
  const most = (plan: Plan) => Math.max(...plan.memory.map(({ bytes }) => bytes));
  const free = compile(g);

  test("is kept by the plan: what was whole is split", () => {
    expect(stateOf(free, "fc.weight")).toBe("");
    const limit = Math.floor(most(free) * 0.8); // of which half is workspace of kernels;
    const plan = compile(g, { dims: {}, memory: limit });
    expect(most(plan)).toBeLessThanOrEqual(limit);
    expect(stateOf(plan, "fc.weight")).toMatch(/^d:S[01]$/);
  });

  test("is the device's by default: a state too large to be whole on a rank is split", () => {
    const side = 20000; // 1.6 GB, of 1 GiB that each of four ranks has of the process
    const wide = nn.linear(side, side, { name: "wide" });
    const inputs = { x: mesh.input([4, side], "float32", { d: S(0) }) };
    const large = graph(mesh, { name: "large", model: wide, inputs }, (on) => ({ y: wide(on.x) }));
    const plan = compile(large);
    expect(stateOf(plan, "wide.weight")).toMatch(/^d:S[01]$/);
    expect(most(plan)).toBeLessThanOrEqual(2 ** 30);
    expect(() => compile(large, { dims: {}, sharding: { "wide.weight": { d: B } } })).toThrow(
      /the limit 1073741824 \(the device's, shared by its ranks\).*SL3040/s,
    );
  });

  test("that is wide changes nothing but what is said of it", () => {
    const { hash: _, limit, ...rest } = compile(g, { memory: most(free) }).data;
    const { hash, limit: device, ...unlimited } = free.data;
    expect(rest).toEqual(unlimited);
    expect([limit, device]).toEqual([
      { bytes: most(free), given: true },
      { bytes: 2 ** 30, given: false },
    ]);
  });

  test("is in the plan, with how tensors would lie without it", () => {
    const plan = compile(g, { memory: Math.floor(most(free) * 0.8) });
    const at = (of: Plan) => of.data.choices.find(({ op }) => op === "fc.weight")!;
    expect(at(plan).unlimited).toEqual(at(free).outs);
    expect(free.data.choices.every(({ unlimited }) => unlimited === undefined)).toBe(true);
  });

  const advised = (error: unknown) => Number(/memory: (\d+) \} or more/.exec(String(error))![1]);
  const refusal = (body: () => unknown) => {
    try {
      body();
    } catch (error) {
      return error;
    }
    throw new Error("it was not refused");
  };
  const trained = (widths: readonly number[]) => {
    const layers = widths.slice(1).map((width, i) => nn.linear(widths[i]!, width, { name: `l${i}` }));
    const model = nn.sequential(...(layers as [(typeof layers)[0]]));
    const inputs = { x: mesh.input([256, widths[0]!], "float32"), label: mesh.input([256], "int32") };
    return graph(mesh, { name: "advised", model, inputs }, (on, training) => {
      const loss = nn.softmaxCrossEntropy(model(on.x as never) as never, on.label as never).mean();
      training.minimize(loss as never, optim.adamW({ lr: 1e-3 }));
      return { loss };
    });
  };

  test.each([
    ["in inference", g],
    ["in training", trained([128, 512, 10])],
    ["where workspace outweighs all", trained([64, 16, 10])],
    ["where activations outweigh parameters", trained([32, 32, 32, 32, 32, 10])],
  ])("advises a number that suffices, the same at each limit, %s", (_, of) => {
    const error = refusal(() => compile(of as typeof g, { memory: 1000 }));
    expect(String(error)).toMatch(/the least found is \d+ bytes a rank \(.*workspace \d+.*\), the limit 1000/);
    expect(String(error)).toMatch(/most is taken by .*workspace\.compute \d+ B/);
    const least = advised(error);
    expect(least).toBeLessThanOrEqual(most(compile(of as typeof g)));
    expect(most(compile(of as typeof g, { memory: least }))).toBeLessThanOrEqual(least);
    expect(advised(refusal(() => compile(of as typeof g, { memory: 100_000 })))).toBe(least);
  });

  test("is called too small only below what annotations reach, but for what joining saves, which choosing does not foresee", () => {
    const both = placement("cpu", { data: 2, model: 2 });
    const net = nn.sequential(
      nn.linear(64, 64, { name: "q" }),
      nn.layerNorm(64),
      nn.linear(64, 256, { name: "up" }),
      nn.gelu(),
      nn.linear(256, 64, { name: "down" }),
    );
    const inputs = { x: both.input([256, 64], "float32", { data: S(0) }) };
    const of = graph(both, { name: "reached", model: net, inputs }, (on, training) => {
      const y = net(on.x);
      training.minimize(y.mul(y).mean(), optim.adamW({ lr: 1e-3 }));
      return { y };
    });
    const least = advised(refusal(() => compile(of, { memory: 1000 })));
    const columns = { data: S(0), model: S(1) } as const;
    for (const sharding of [
      { "q.weight": columns, "up.weight": columns, "down.weight": { data: S(1), model: S(0) } },
      { "*.weight": { data: S(0), model: S(0) } },
      { "up.weight": { model: S(1) }, "down.weight": { model: S(0) } },
    ])
      expect(most(compile(of, { sharding: sharding as never, memory: 2 ** 34 }))).toBeGreaterThanOrEqual(0.99 * least);
    expect(least).toBeLessThan(most(compile(of)));
    expect(most(compile(of, { memory: least }))).toBeLessThanOrEqual(least);
  });

  test("that nothing keeps to names repeated blocks as one, with what they take together", () => {
    const layers = Array.from({ length: 9 }, (_, i) => nn.linear(64, 64, { name: `blocks.${i}.fc` }));
    const deep = nn.sequential(...(layers as [(typeof layers)[0]]));
    const of = graph(mesh, { name: "deep", model: deep, inputs: { x: mesh.input([8, 64], "float32") } }, (on) => ({
      y: deep(on.x),
    }));
    const sharding = { "*": { d: B } } as never;
    expect(() => compile(of, { memory: 1000, sharding })).toThrow(
      /most is taken by .*blocks\.\*\.fc\.weight ×9 = 147456 B as \{d: B\}/,
    );
  });

  test("that nothing keeps to is an error that says what takes most and what would help", () => {
    const tight = () => compile(g, { dims: {}, memory: 10_000 });
    expect(tight).toThrow(/the least found is \d+ bytes a rank \(.*\), the limit 10000 \(the option memory\)/);
    expect(tight).toThrow(/most is taken by .*fc\.weight \d+ B as \{d: S\([01]\)\}.*next: use more ranks.*SL3040/s);
  });
});

describe("explicit mode", () => {
  const mesh = placement("cpu", { d: 2 });
  const inputs = {
    x: mesh.input([8, 4], "float32", { d: S(0) }),
    y: mesh.input([8, 4], "float32", { d: S(1) }),
  };

  test("refuses an implicit boxing, and names op, tensor, layouts and choices", () => {
    const g = graph(mesh, { name: "implicit", inputs }, ({ x, y }) => ({ sum: x.add(y) }));
    expect(() => compile(g, { dims: {}, boxing: "explicit" })).toThrow(
      /add takes [xy] as \{d: S\([01]\)\}, it lies as \{d: S\([01]\)\}[\s\S]*\.to\(mesh, \{d: [\s\S]*SL3042/,
    );
    expect(compile(g).communication).toHaveLength(1);
  });

  test("offers only what settles the op, whichever operand is boxed, the cheapest first", () => {
    const both = placement("cpu", { data: 2, model: 2 });
    const ends = {
      x: both.input([8, 8], "float32", { data: S(0) }),
      z: both.input([8, 8], "float32", { model: S(1) }),
    };
    let refused = "";
    try {
      compile(
        graph(both, { name: "offer", inputs: ends }, ({ x, z }) => ({ y: x.add(z) })),
        { boxing: "explicit" },
      );
    } catch (error) {
      refused = String(error);
    }
    expect(refused).toMatch(/it lies as \{.*\}, [xz] as \{/);
    const offers = [...refused.matchAll(/[xz]\.to\(mesh, \{[^}]*\}\)(?: and [xz]\.to\(mesh, \{[^}]*\}\))?: \d+ B/g)];
    expect(offers.length).toBeGreaterThan(2);
    for (const [offer] of offers) {
      const said = new Map(
        [...offer.matchAll(/([xz])\.to\(mesh, \{([^}]*)\}/g)].map(([, name, layout]) => [
          name,
          Object.fromEntries(layout!.split(", ").map((axis) => axis.split(": "))),
        ]),
      );
      expect(said.size).toBeGreaterThan(0);
      const settled = graph(both, { name: "settled", inputs: ends }, ({ x, z }) => {
        const boxed = (tensor: typeof x, name: string) => {
          const layout = said.get(name);
          return layout ? (tensor.to(both, layout as never) as typeof x) : tensor;
        };
        return { y: boxed(x, "x").add(boxed(z as never, "z")) };
      });
      const plan = compile(settled, { boxing: "explicit" });
      expect(
        plan.communication.reduce((sum, { bytes }) => sum + bytes, 0),
        offer,
      ).toBe(Number(/: (\d+) B$/.exec(offer)![1]));
    }
  });

  test("takes what is said", () => {
    const g = graph(mesh, { name: "said", inputs }, ({ x, y }) => ({ sum: x.add(y.to(mesh, { d: S(0) })) }));
    expect(kinds(compile(g, { dims: {}, boxing: "explicit" }))).toEqual(["all-to-all"]);
  });

  test("refuses boxing inside ops too", () => {
    const g = graph(mesh, { name: "inside", inputs: { x: inputs.x } }, ({ x }) => ({ y: x.softmax(0) }));
    expect(compile(g).communication.length).toBeGreaterThan(0);
    expect(() => compile(g, { dims: {}, boxing: "explicit" })).toThrow(/softmax takes x as \{d: (B|S\(1\))\}/);
  });

  test("boxes gradients as they need to be", () => {
    const net = nn.linear(4, 3, { name: "fc" });
    const g = graph(mesh, { name: "trained", model: net, inputs: { x: inputs.x } }, ({ x }, on) => {
      const loss = net(x).mean();
      on.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const plan = compile(g, { dims: {}, boxing: "explicit", sharding: { "fc.weight": { d: B }, "fc.bias": { d: B } } });
    expect(kinds(plan).length).toBeGreaterThan(0);
  });
});

describe("rules for parameters", () => {
  const mesh = placement("cpu", { d: 2 });
  const net = nn.sequential(nn.linear(4, 4, { name: "a" }), nn.linear(4, 4, { name: "b" }));
  const inputs = { x: mesh.input([8, 4], "float32", { d: B }) };
  const g = graph(mesh, { name: "ruled", model: net, inputs }, ({ x }) => ({ y: net(x) }));

  test("by regular expression: the first that matches counts, names come before", () => {
    const rules = [
      [/^a\./, { d: S(0) }],
      [/weight$/, { d: S(1) }],
    ] as const;
    const plan = compile(g, { dims: {}, rules, sharding: { "a.weight": { d: B } } });
    expect(["a.weight", "a.bias", "b.weight"].map((name) => stateOf(plan, name))).toEqual(["", "d:S0", "d:S1"]);
  });

  test("by pattern with *: the first that matches counts", () => {
    const sharding = { "a.*": { d: S(0) }, "*.weight": { d: S(1) } } as const;
    const plan = compile(g, { dims: {}, sharding });
    expect(["a.weight", "a.bias", "b.weight"].map((name) => stateOf(plan, name))).toEqual(["d:S0", "d:S0", "d:S1"]);
  });

  test("are kept where the choice would be another", () => {
    const name = "b.weight";
    for (const [layout, text] of [
      [{ d: S(0) }, "d:S0"],
      [{ d: S(1) }, "d:S1"],
      [{ d: B }, ""],
    ] as const)
      expect(stateOf(compile(g, { dims: {}, sharding: { [name]: layout } as never }), name)).toBe(text);
  });

  test("that come too late for all that they match are reported", () => {
    const [narrow, wide] = [{ d: S(1) }, { d: S(0) }] as const;
    expect(() => compile(g, { sharding: { "a.*": wide, "*.weight": narrow, "a.w*": narrow } })).toThrow(
      /a\.w\* counts for nothing: a\.\* before it took a\.weight.*put it first, or leave it out.*SL3004/s,
    );
    const rules = [[/^a\.weight$/, narrow]] as const;
    expect(() => compile(g, { rules, sharding: { "*.weight": wide } })).toThrow(
      /\/\^a\\\.weight\$\/ counts for nothing: \*\.weight before it/,
    );
    expect(stateOf(compile(g, { rules, sharding: { "b.*": wide } }), "a.weight")).toBe("d:S1");
  });

  test("that match nothing are reported", () => {
    expect(() => compile(g, { dims: {}, sharding: { "c.*": { d: B } } })).toThrow(
      /c\.\* matches no parameter.*SL3001/s,
    );
    expect(() => compile(g, { dims: {}, rules: [[/wieght/, { d: B }]] })).toThrow(
      /\/wieght\/ matches no parameter.*SL3001/s,
    );
  });
});

test("layouts are chosen by the links that compile is told of", () => {
  const mesh = placement("cpu", { data: 2, model: 2 });
  const net = nn.sequential(nn.linear(64, 64), nn.relu(), nn.linear(64, 10));
  const inputs = { x: mesh.input([256, 64], "float32"), label: mesh.input([256], "int32") };
  const training = graph(mesh, { name: "links", model: net, inputs }, ({ x, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(x), label).mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const along = (axis: string, links: LinkModels) =>
    compile(training, { dims: {}, links })
      .communication.filter((c) => c.axis === axis)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const host = (rank: number) => rank >> 1; // the data axis goes from host to host
  expect(along("data", {})).toBeGreaterThan(0);
  expect(along("data", { host, remote: { alpha: 1, beta: 1e-3 } })).toBe(0);
});

test("layouts are chosen by the devices that compile is told of: a fast one does all the rows itself sooner than it gets them", () => {
  const mesh = placement("cpu", { data: 4 });
  const inputs = { x: mesh.input([1024, 1024], "float32"), w: mesh.input([1024, 1024], "float32") };
  const product = graph(mesh, { name: "devices", inputs }, ({ x, w }) => ({ y: x.matmul(w).to(mesh, { data: B }) }));
  expect(kinds(compile(product))).toEqual(["all-gather"]);
  expect(kinds(compile(product, { devices: { flops: 1e10, bandwidth: 1e10 } }))).toEqual(["all-gather"]);
  expect(kinds(compile(product, { devices: { flops: 1e15, bandwidth: 1e13 } }))).toEqual([]);
  const refused = (devices: object) => () => compile(product, { devices: devices as never });
  expect(refused({ flops: 0, bandwidth: 1 })).toThrow(/compile, option devices, flops: it is 0.*a number ≥ 1.*SL1075/s);
  expect(refused({ flops: 1, bandwith: 1 })).toThrow(/compile, option devices: there is no option "bandwith".*SL1074/s);
});
