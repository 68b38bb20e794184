/**
 * @file `npm run bench:compile`: how long the compiler takes, pass by pass, for GPTs of more and more blocks on a 2D mesh;
 * and how long choosing alone takes for random problems, with and without a limit on memory that binds, with the gap to
 * the proven bound. Writes `bench/compile.json` with the machine, versions, date and command.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { compile, graph, nn, optim, placement, S, type Tensor } from "sluice";
import { solve } from "../src/compiler/solve.ts";
import { randomProblem } from "../test/compiler/random-problem.ts";

const { values: options } = parseArgs({
  options: { blocks: { type: "string", default: "1,12,96" }, ops: { type: "string", default: "1000,3000,10000" } },
});
const numbers = (text: string) => text.split(",").filter(Boolean).map(Number);

const [batch, seq, heads, width, vocabulary] = [8, 32, 4, 64, 512] as const;
type Hidden = Tensor<[typeof batch, typeof seq, typeof width], "float32">;

const block = () =>
  nn.define(
    {
      before: nn.layerNorm(width),
      q: nn.linear(width, width),
      k: nn.linear(width, width),
      v: nn.linear(width, width),
      o: nn.linear(width, width),
      behind: nn.layerNorm(width),
      up: nn.linear(width, 256),
      down: nn.linear(256, width),
    },
    (m) =>
      (x: Hidden): Hidden => {
        const h = m.before(x);
        const split = (t: typeof h) => t.reshape([batch, seq, heads, width / heads]).permute([0, 2, 1, 3]);
        const mixed = nn.attention(split(m.q(h)), split(m.k(h)), split(m.v(h)), { causal: true });
        const y = x.add(m.o(mixed.permute([0, 2, 1, 3]).reshape([batch, seq, width]))) as Hidden;
        return y.add(m.down(m.up(m.behind(y)).gelu())) as Hidden;
      },
  );

/** A GPT in training, of small tensors: the compiler's work does not depend on their sizes. */
function gpt(count: number) {
  const mesh = placement("cpu", { data: 2, model: 2 });
  const blocks = Object.fromEntries(Array.from({ length: count }, (_, i) => [`block${i}`, block()]));
  const parts = { tokens: nn.embedding(vocabulary, width), head: nn.linear(width, vocabulary), ...blocks };
  const net = nn.define(parts as unknown as Record<string, never>, (m) => (ids: never) => {
    const layers = m as unknown as Record<string, (x: unknown) => unknown>;
    const hidden = Object.keys(blocks).reduce((x, name) => layers[name]!(x), layers.tokens!(ids));
    return layers.head!(hidden);
  });
  const ids = () => mesh.input([batch, seq], "int32", { data: S(0) });
  return graph(mesh, { name: `gpt${count}`, model: net, inputs: { ids: ids(), label: ids() } }, (on, training) => {
    const logits = net(on.ids as never) as Tensor<[typeof batch, typeof seq, typeof vocabulary], "float32">;
    const loss = nn.softmaxCrossEntropy(logits, on.label).mean();
    training.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
}

function passes(count: number) {
  const built = gpt(count);
  const ms: Record<string, number> = {};
  let before = performance.now();
  const lap = (name: string) => {
    const now = performance.now();
    ms[name] = Math.round((ms[name] ?? 0) + now - before);
    before = now;
  };
  const plan = compile(built, { dims: {}, onPass: lap });
  lap("seal");
  return { blocks: count, ops: plan.data.choices.length, ms };
}

function choosing(ops: number) {
  const problem = randomProblem({ ops, reach: 6, joins: 0.2, more: 7 }, 1);
  const time = (limit: number) => {
    const before = performance.now();
    const { cost, bound, memory } = solve(problem, { limit });
    return { ms: Math.round(performance.now() - before), gap: cost / bound - 1, memory };
  };
  const free = time(Number.POSITIVE_INFINITY);
  return { ops, free, limited: time(Math.floor(free.memory * 0.7)) };
}

const results = {
  command: `npm run bench:compile -- --blocks ${options.blocks} --ops ${options.ops}`,
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    /** Others were at work if this is more than 1. */
    load: loadavg()[0],
  },
  gpt: numbers(options.blocks).map(passes),
  random: numbers(options.ops).map(choosing),
};
writeFileSync(new URL("./compile.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
for (const { blocks, ops, ms } of results.gpt)
  console.log(
    `GPT of ${blocks} blocks, ${ops} ops, ms: ${Object.entries(ms)
      .map(([name, t]) => `${name} ${t}`)
      .join(", ")}`,
  );
for (const { ops, free, limited } of results.random)
  console.log(
    `${ops} random ops: ${free.ms} ms, gap ${(free.gap * 100).toFixed(2)} %; with 30 % less memory ${limited.ms} ms, gap ${(limited.gap * 100).toFixed(2)} %`,
  );
