/** @file Mistakes that a user can make, each met by an error that says what, where, the numbers, the choices, the next step. */
import { array, compile, graph, launch, layout, nn, optim, P, placement, S, SluiceError } from "sluice";
import { dataset, loader } from "sluice/data";
import { describe, expect, test } from "vitest";
import { batches, compiled, sizes } from "../truth/mlp.ts";

/** Types refuse most of these; at run time they can still come from plain JavaScript, JSON or a command line. */
// biome-ignore lint/suspicious/noExplicitAny: the point is to get past the types
const untyped = (value: unknown): any => value;

const mesh = placement("cpu", { data: 2, model: 2 });
const here = /at test\/errors\/bad-input\.test\.ts:\d+/;

function small(layout: unknown, sharding?: unknown) {
  const net = nn.linear(8, 4, { name: "fc" });
  const g = graph(
    mesh,
    { name: "small", model: net, inputs: { x: mesh.input([8, 8], "float32", untyped(layout)) } },
    ({ x }, b) => {
      const loss = net(x).mean();
      b.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    },
  );
  return compile(g, untyped({ dims: {}, sharding }));
}

describe("layouts", () => {
  test("an SBP that is none", () => {
    expect(() => small({ data: "T(0)" })).toThrow(/"T\(0\)"[\s\S]*choices: S\(0\), S\(1\), B, P\(sum\)/);
  });
  test("a split of a dim that is not there", () => {
    expect(() => small({ data: "S(2)" })).toThrow(/S\(2\)[\s\S]*2 dims[\s\S]*choices: S\(0\), S\(1\)/);
  });
  test("an axis that the mesh does not have", () => {
    expect(() => small({ dta: S(0) })).toThrow(/"dta"[\s\S]*choices: data, model[\s\S]*did you mean "data"/);
  });
  test("an illegal SBP for a parameter", () => {
    expect(() => small({ data: S(0) }, { "fc.bias": { model: "S(1)" } })).toThrow(/fc\.bias[\s\S]*S\(1\)[\s\S]*1 dim/);
  });
  test("a parameter that is not there", () => {
    expect(() => small({ data: S(0) }, { "fc.wieght": { model: "S(1)" } })).toThrow(
      /fc\.wieght[\s\S]*choices: fc\.weight, fc\.bias[\s\S]*did you mean "fc\.weight"/,
    );
  });
  test("a pattern that matches nothing", () => {
    expect(() => small({ data: S(0) }, { "gc*.weight": { model: "S(1)" } })).toThrow(/matches no parameter/);
  });
  test("a parameter whose optimizer cannot keep its layout", () => {
    expect(() => small({ data: S(0) }, { "fc.weight": { model: "P(sum)" } })).toThrow(/fc\.weight[\s\S]*choices/);
  });
});

describe("what compile is given points at the call of compile", () => {
  const net = nn.linear(8, 4, { name: "fc" });
  const g = graph(mesh, { name: "lines", model: net, inputs: { x: mesh.input(["n", 8], "float32") } }, ({ x }, b) => {
    const loss = net(x).mean();
    b.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  /** The code, subject, text and line of what `compile` throws, the line being that of the call. */
  const refusal = (options: object) => {
    let error: unknown;
    const line = Number(/bad-input\.test\.ts:(\d+)/.exec(new Error("here").stack!)![1]) + 2;
    try {
      compile(g, untyped({ dims: { n: 8 }, ...options }));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).at).toBe(`test/errors/bad-input.test.ts:${line}`);
    return error as SluiceError;
  };
  test.each<[string, object, string, RegExp]>([
    ["an axis", { sharding: { "fc.weight": { dta: S(0) } } }, "SL1021", /sharding of "fc\.weight"/],
    ["an SBP", { rules: [[/weight/, { data: "S0" }]] }, "SL1022", /sharding of "fc\.weight": "S0"/],
    ["a layout that is none", { sharding: { "fc.weight": null } }, "SL1022", /a layout is an object, got null/],
    ["a dim", { rules: [[/bias/, { data: S(1) }]] }, "SL1023", /sharding of "fc\.bias"/],
    ["what cannot be kept", { sharding: { "fc.weight": { model: P() } } }, "SL3003", /choices/],
    ["an option", { shardng: {} }, "SL1074", /did you mean "sharding"/],
    ["a seed", { seed: -1 }, "SL1075", /whole number/],
    ["a way to box", { boxing: "always" }, "SL3041", /choices: "auto"/],
    ["no sharding", { sharding: null }, "SL1075", /option sharding: it is null[\s\S]*choices: \{/],
    ["a list as sharding", { sharding: [] }, "SL1075", /option sharding: it is an array/],
    [
      "an object as rules",
      { rules: { "fc.weight": {} } },
      "SL1075",
      /option rules: it is an object, not a list of pairs/,
    ],
    ["objects in rules", { rules: [{ pattern: /fc/, layout: {} }] }, "SL1075", /rule 0 is an object, not a pair/],
    ["a number as text", { dims: { n: "8" } }, "SL1042", /dim "n" cannot be the string "8"/],
    [
      "wildcards of a shell",
      { sharding: { "fc.{weight,bias}": {} } },
      "SL3001",
      /only \* is a wildcard[\s\S]*rules: \[\[/,
    ],
    ["a question mark", { sharding: { "f?.weight": {} } }, "SL3001", /only \* is a wildcard/],
  ])("%s", (_, options, code, text) => {
    const { code: thrown, message } = refusal(options);
    expect(thrown).toBe(code);
    expect(message).toMatch(text);
  });
  test("a shell's wildcard among what is frozen", () => {
    const frozen = graph(mesh, { name: "frozen", inputs: { x: mesh.input([8, 8], "float32") } }, ({ x }, b) => {
      const loss = net(x).mean();
      b.minimize(loss, optim.sgd({ lr: 0.1 }), { frozen: ["f?.bias"] });
      return { loss };
    });
    expect(() => compile(frozen)).toThrow(/SL1053|only \* is a wildcard/);
    expect(() => compile(frozen)).toThrow(/only \* is a wildcard/);
  });
});

describe("layouts in an order of their own", () => {
  test.each<[string, unknown[], string, RegExp]>([
    [
      "an object",
      [mesh, { data: S(0) }],
      "SL1022",
      /entries are an object, not a list of pairs[\s\S]*write layout\(mesh, \[\[/,
    ],
    ["nothing", [mesh], "SL1022", /entries are undefined/],
    ["a flat list", [mesh, ["data", S(0)]], "SL1022", /entry 0 is "data"[\s\S]*choices: \["data", S\(0\)\]/],
    ["a pair without SBP", [mesh, [["data"]]], "SL1022", /entry 0 is an array/],
    ["no mesh", [undefined, [["data", S(0)]]], "SL1141", /layout: the placement is undefined/],
  ])("of %s", (_, args, code, text) => {
    expect(() => untyped(layout)(...args)).toThrow(text);
    expect(() => untyped(layout)(...args)).toThrow(code);
    expect(() => untyped(layout)(...args)).toThrow(here);
  });
  test("are shown as they can be written", () => {
    const turned = layout(mesh, [["model", S(0)], ["data", S(0)]]); // biome-ignore format: a layout
    const inputs = {
      x: mesh.input([8, 6], "float32", turned),
      y: mesh.input([8, 6], "float32", { data: S(0), model: S(0) }),
    };
    const attempt = () => graph(mesh, { name: "shown", inputs }, ({ x, y }) => ({ z: untyped(x).matmul(y) }));
    expect(attempt).toThrow('x: f32[8,6] layout(mesh, [["model", "S(0)"], ["data", "S(0)"]])');
    expect(attempt).toThrow("y: f32[8,6] {data: S(0), model: S(0)}");
  });
});

describe("meshes", () => {
  test.each([
    ["empty", {}],
    ["of size 0", { data: 0 }],
    ["of a fraction", { data: 1.5 }],
  ])("%s", (_, axes) => {
    expect(() => placement("cpu", untyped(axes))).toThrow(/mesh|axis|axes/);
  });
  test("with ranks that do not fit", () => {
    expect(() => placement("cpu", { data: 2 }, { ranks: [0, 1, 2] })).toThrow(/2[\s\S]*3/);
    expect(() => placement("cpu", { data: 2 }, { ranks: [1, 1] })).toThrow(/1/);
  });
  test("of an unknown device", () => {
    expect(() => placement(untyped("tpu"), { data: 2 })).toThrow(/tpu[\s\S]*choices: cpu/);
  });
});

describe("shapes", () => {
  const build = (body: (x: never) => unknown) =>
    graph(mesh, { name: "shapes", inputs: { x: mesh.input([8, 6], "float32") } }, ({ x }) => ({
      out: untyped(body(x as never)),
    }));
  test("unequal inner dims, with op, both shapes and the user's line", () => {
    const attempt = () => build((x) => untyped(x).matmul(x));
    expect(attempt).toThrow(/matmul\(x: f32\[8,6\][\s\S]*6[\s\S]*8/);
    expect(attempt).toThrow(here);
  });
  test("an unbound dim, an unknown one, a size that is none", () => {
    const g = graph(mesh, { name: "dims", inputs: { x: mesh.input(["batch", 4], "float32") } }, ({ x }) => ({
      y: x.relu(),
    }));
    expect(() => compile(untyped(g), untyped({ dims: {} }))).toThrow(/batch/);
    expect(() => compile(g, untyped({ dims: { batch: 8, seq: 4 } }))).toThrow(/seq/);
    expect(() => compile(g, { dims: { batch: -1 } })).toThrow(/batch[\s\S]*-1/);
  });
  test("a graph that returns nothing", () => {
    const g = graph(mesh, { name: "nothing", inputs: { x: mesh.input([4], "float32") } }, () => ({}));
    expect(() => compile(g)).toThrow(/no outputs/);
  });
});

describe("options", () => {
  const g = graph(mesh, { name: "options", inputs: { x: mesh.input([8], "float32") } }, ({ x }) => ({ y: x.relu() }));
  const given = (options: object) => () => compile(g as never, untyped(options));
  test("that do not exist", async () => {
    expect(given({ shardng: {} })).toThrow(/no option "shardng"[\s\S]*did you mean "sharding"/);
    await expect(launch(compile(g), untyped({ trce: true }))).rejects.toThrow(/no option "trce"[\s\S]*"trace"/);
  });
  test.each([-1, 1.5, Number.NaN, "7"])("a seed of %s", async (seed) => {
    expect(given({ seed })).toThrow(/option seed[\s\S]*whole number ≥ 0/);
    await expect(launch(compile(g), { seed: untyped(seed) })).rejects.toThrow(/option seed/);
  });
  test.each([0, 1.5, "2"])("%s slots", (slots) => {
    expect(given({ slots })).toThrow(/option slots[\s\S]*whole number ≥ 1/);
  });
  test("a mapping that is none, no plan at all", async () => {
    await expect(launch(compile(g), { mapping: untyped("x") })).rejects.toThrow(/mapping[\s\S]*choices: rank, stream/);
    await expect(launch(untyped({}))).rejects.toThrow(/takes a Plan/);
    await expect(launch(compile(g), { inspect: untyped(3) })).rejects.toThrow(/inspect: it is 3[\s\S]*a function/);
    await expect(launch(compile(g), { trace: untyped("no") })).rejects.toThrow(/trace: it is "no"[\s\S]*true, false/);
  });
  test("axes and layouts that are no objects", () => {
    expect(() => placement("cpu", untyped(null))).toThrow(/axes are an object/);
    expect(() => placement("cpu", { data: 1e6 })).toThrow(/1000000 ranks/);
    expect(() => small({ data: S(0) }, { "fc.weight": "S(0)" })).toThrow(/a layout is an object, got "S\(0\)"/);
  });
});

describe("batches", () => {
  const take = async (feeds: unknown) => {
    await using session = await launch(compiled({ data: 2, model: 2 }));
    let steps = 0;
    const failed = await (async () => {
      for await (const _ of session.run(untyped(feeds))) steps++;
      return undefined;
    })().catch((error: Error) => error);
    // Whatever went wrong, nothing is lost: the session goes on.
    let after = 0;
    for await (const { loss } of session.run(batches(3))) after += Number.isFinite(loss) ? 1 : 0;
    expect(after).toBe(3);
    return { steps, message: failed?.message ?? "no error" };
  };
  const [good] = batches(1);
  const image = (n: number) => array([n, sizes.inputs], "float32", new Float32Array(n * sizes.inputs));

  test("of the wrong shape, after good ones", async () => {
    const { steps, message } = await take([good, good, { ...good, image: image(61) }]);
    expect(steps).toBe(2);
    expect(message).toMatch(/"image"[\s\S]*60,37[\s\S]*61,37/);
  });
  test("of the wrong dtype", async () => {
    const label = array([sizes.batch], "float32", new Float32Array(sizes.batch));
    expect((await take([{ ...good, label }])).message).toMatch(/"label"[\s\S]*i32\[60\], got float32/);
  });
  test("with an input missing, with one too many", async () => {
    expect((await take([{ image: good!.image }])).message).toMatch(/"label"/);
    expect((await take([{ ...good, extra: good!.image }])).message).toMatch(/"extra"[\s\S]*image, label/);
  });
  test("that throw on the way", async () => {
    function* broken() {
      yield good;
      throw new Error("disk full");
    }
    const { steps, message } = await take(broken());
    expect([steps, message]).toEqual([1, "disk full"]);
  });
  test("whose source fails on being left", async () => {
    await using session = await launch(compiled({ data: 2, model: 2 }));
    function* untidy() {
      try {
        for (;;) yield good!;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is the mistake
        throw new Error("could not close the file");
      }
    }
    const leave = async () => {
      for await (const _ of session.run(untidy())) break;
    };
    await expect(leave()).rejects.toThrow("could not close the file");
  });
  test("that are none at all", async () => {
    expect((await take([])).message).toBe("no error");
    expect((await take(42)).message).toMatch(/got 42, which cannot be iterated/);
    expect((await take([null])).message).toMatch(/batch/);
  });
});

test("what is given to a session that runs", async () => {
  const plan = compiled({ data: 2, model: 2 });
  await using session = await launch(plan);
  const loading = (given: unknown) => session.load(untyped(given)).then(() => undefined);
  await expect(loading(undefined)).rejects.toThrow(/load: it takes a Plan[\s\S]*compile\(…\)[\s\S]*SL1072/);
  await expect(loading(JSON.parse(JSON.stringify(plan)))).rejects.toThrow(/Plan\.fromJSON[\s\S]*SL1072/);
  const { parameters } = session;
  await expect(parameters.read(untyped(undefined))).rejects.toThrow(
    /no parameter undefined[\s\S]*choices[\s\S]*SL1070/,
  );
  const [name] = parameters.names as [string];
  const wrong = parameters.write(name, array([2], "float32", new Float32Array(2)));
  await expect(wrong).rejects.toThrow(/got shape \[2\]\n {2}next: give the whole value/);
  for await (const { loss } of session.run(batches(1))) expect(loss).toBeGreaterThan(0);
});

test("a loader and batches of a dataset", () => {
  const load = (options: object) => loader([1], (n) => n, untyped(options));
  expect(() => load({ prefech: 8 })).toThrow(/loader: there is no option "prefech"[\s\S]*"prefetch"[\s\S]*SL1074/);
  const images = array([4, 2], "float32", new Float32Array(8));
  const data = dataset(images, array([4], "int32", new Int32Array(4)));
  const batched = (options: unknown) => data.batches(2, untyped(options));
  expect(() => batched({ shufle: { seed: 1, epoch: 0 } })).toThrow(/no option "shufle"[\s\S]*"shuffle"[\s\S]*SL1074/);
  expect(() => batched({ shuffle: { sed: 1, epoch: 0 } })).toThrow(/shuffle: there is no option "sed"[\s\S]*SL1074/);
  expect(() => batched({ shuffle: { seed: 1 } })).toThrow(/shuffle\.epoch is undefined[\s\S]*SL6021/);
  expect(() => batched({ shuffle: true })).toThrow(/shuffle: options are an object, got true/);
});

test("a picture of a plan", async () => {
  const drawn = (options: unknown) => compiled({ data: 2, model: 2 }).render("dot", untyped(options));
  await expect(drawn({ sate: [] })).rejects.toThrow(/render: there is no option "sate"[\s\S]*"state"[\s\S]*SL1074/);
  await expect(drawn(null)).rejects.toThrow(/options are an object, got null/);
  for (const state of [3, {}, null])
    await expect(drawn({ state })).rejects.toThrow(/option state: it is[\s\S]*session\.flight\(\)[\s\S]*SL1075/);
});
