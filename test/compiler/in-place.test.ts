/** @file An all-reduce works in the memory of its input where nobody else reads that, and the plan proves that nobody does. */
import { array, B, compile, graph, launch, nn, P, type PlanData, placement, S } from "sluice";
import { describe, expect, test } from "vitest";
import { verify } from "../../src/compiler/verify.ts";

const [rows, width] = [4, 24];
const mesh = placement("cpu", { d: 2 });
const grid = placement("cpu", { d: 2, m: 2 });

/** Σ over two ranks of what each has made of x, then twice that; `keep`: who else reads what each has made. */
function summed(slots = 2, keep: "nobody" | "another op" | "the user" = "nobody") {
  const net = nn.linear(1, width, { name: "wide" });
  const inputs = { x: mesh.input([rows, 1], "float32", { d: B }) };
  const made = graph(mesh, { name: "sum", model: net, inputs }, ({ x }) => {
    const parts = net(x).to(mesh, { d: P("sum") });
    const twice = parts.to(mesh, { d: B }).mul(2);
    if (keep === "another op") return { twice, more: parts.to(mesh, { d: S(1) }).mul(3) };
    if (keep === "the user") return { twice, parts };
    return { twice };
  });
  return compile(made, { slots });
}

/** Summed along one axis, then along the other. */
function chained() {
  const net = nn.linear(1, width, { name: "wide" });
  const inputs = { x: grid.input([rows, 1], "float32", {}) };
  const made = graph(grid, { name: "chain", model: net, inputs }, ({ x }) => {
    const parts = net(x).to(grid, { d: P("sum"), m: P("sum") });
    return {
      twice: parts
        .to(grid, { d: B, m: P("sum") })
        .to(grid, { d: B, m: B })
        .mul(2),
    };
  });
  return compile(made);
}

const reductions = (plan: PlanData) =>
  plan.tasks.filter(({ classes }) => JSON.stringify(classes).includes("all_reduce"));
const buffersOf = (plan: PlanData, task: number) =>
  plan.registers.filter(({ owner }) => owner === task).flatMap(({ buffers }) => buffers);

async function sumsOf(plan: ReturnType<typeof compile>): Promise<number[]> {
  await using session = await launch(plan);
  const feeds = [1, 2, 3, 4, 5, 6].map((i) => ({ x: array([rows, 1], "float32", new Float32Array(rows).fill(i)) }));
  const seen: number[] = [];
  for await (const out of session.run(feeds as never))
    seen.push(...(out as unknown as { twice: { data: Float32Array } }).twice.data);
  return seen;
}

describe("an all-reduce", () => {
  test.each([1, 2, 3])("whose input nobody else reads takes its memory, with %i slots", async (slots) => {
    const plan = summed(slots);
    const [reduction] = reductions(plan.data);
    const [buffer] = buffersOf(plan.data, reduction!.id);
    const owners = plan.data.registers.filter(({ buffers }) => buffers.includes(buffer!)).map(({ owner }) => owner);
    expect(owners).toHaveLength(2);
    const addresses = reduction!.classes.flatMap(({ program }) => program.flatMap(({ args }) => args));
    const touched = addresses.flatMap((arg) => (typeof arg === "object" && arg && "buffer" in arg ? [arg.buffer] : []));
    expect(new Set(touched)).toEqual(new Set([buffer]));
  });

  test("keeps off an input that another op, or the user, reads as well", () => {
    for (const keep of ["another op", "the user"] as const) {
      const { data } = summed(2, keep);
      const shared = data.buffers.filter(({ id }) => data.registers.filter((r) => r.buffers.includes(id)).length > 1);
      expect(shared).toEqual([]);
    }
  });

  test("gives the same numbers either way, and along one axis after the other", async () => {
    const want = await sumsOf(summed(2, "the user"));
    expect(want.length).toBe(6 * rows * width);
    expect(want.some((x) => x !== 0)).toBe(true);
    for (const plan of [summed(1), summed(2), chained()]) expect(await sumsOf(plan)).toEqual(want);
  });

  test("in a chain uses one buffer throughout", () => {
    const { data } = chained();
    const [one, other] = reductions(data);
    expect(buffersOf(data, one!.id)).toEqual(buffersOf(data, other!.id));
  });
});

describe("a plan is refused", () => {
  const { data } = summed();
  const [reduction] = reductions(data);
  const [buffer] = buffersOf(data, reduction!.id);
  const owner = (task: number) => data.registers.find((r) => r.owner === task && r.buffers.includes(buffer!));
  const maker = data.registers.find((r) => r.buffers.includes(buffer!) && r.owner !== reduction!.id)!.owner;
  const reader = data.edges.find((e) => e.register === owner(reduction!.id)!.id)!.to;
  const without = (from: number, to: number) => ({
    ...data,
    edges: data.edges.filter((e) => e.from !== from || e.to !== to),
  });
  const program = (change: (args: unknown[], rank: number) => unknown[]) =>
    ({
      ...data,
      tasks: data.tasks.map((task) =>
        task !== reduction
          ? task
          : {
              ...task,
              classes: task.classes.map((c) => ({
                ...c,
                program: c.program.map((call) => ({ ...call, args: change([...call.args], c.ranks[0]!) })),
              })),
            },
      ),
    }) as PlanData;

  test("when the maker may begin anew before the last reader is done", () => {
    expect(() => verify(data)).not.toThrow();
    expect(() => verify(without(maker, reader))).toThrow(/may fill it anew while "[^"]+" still uses it[\s\S]*SL3024/);
  });

  test("when a reader does not wait for all that change its memory", () => {
    expect(() => verify(without(reduction!.id, reader))).toThrow(/changes it in place, and [\s\S]*SL3024/);
    const narrow = data.edges.map((e) =>
      e.from === reduction!.id && e.to === reader ? { ...e, span: "same" as const } : e,
    );
    expect(() => verify({ ...data, edges: narrow })).toThrow(/changes it in place, and [\s\S]*SL3024/);
  });

  test("when two ranks change the same elements", () => {
    const wider = program((args, rank) => (rank === 0 ? args.with(3, (args[3] as number) + 1) : args));
    expect(() => verify(wider)).toThrow(/meet in it[\s\S]*SL3024/);
  });
});
