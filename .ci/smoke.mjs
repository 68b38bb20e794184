/**
 * @file Run by plain Node in a folder where the packed package is installed: every entry point resolves, and a small
 * model with an op of the user's own trains for some steps on two ranks. It shows that the build brought everything along:
 * workers, kernels, types; and that workers load the user's op. Then the command is asked whether all is well.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { array, compile, graph, launch, nn, optim, placement, S } from "sluice";
import { checkOp } from "sluice/testing";
import { triple } from "./smoke-op.mjs";

for (const entry of ["sluice", "sluice/data", "sluice/cli", "sluice/testing"])
  assert(existsSync(fileURLToPath(import.meta.resolve(entry))), `${entry} is not in the package`);

const mesh = placement("cpu", { data: 2 });
const net = nn.linear(3, 2, { name: "fc" });
const training = graph(
  mesh,
  {
    name: "smoke",
    model: net,
    inputs: {
      x: mesh.input(["batch", 3], "float32", { data: S(0) }),
      label: mesh.input(["batch"], "int32", { data: S(0) }),
    },
  },
  ({ x, label }, g) => {
    const loss = nn.softmaxCrossEntropy(triple(net(x)), label).mean();
    g.minimize(loss, optim.sgd({ lr: 0.5 }));
    return { loss };
  },
);
const plan = compile(training, { dims: { batch: 4 } });

const here = /smoke\.mjs:\d+/;
assert.throws(() => mesh.input([4], "float32", { data: S(1) }), { message: here }); // not a line of Sluice's

assert((await plan.render("html")).endsWith("</html>\n"), "the explorer's page is not whole");

const batch = {
  x: array([4, 3], "float32", new Float32Array([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1])),
  label: array([4], "int32", new Int32Array([0, 1, 0, 1])),
};
const session = await launch(plan);
const losses = [];
for await (const { loss } of session.run([batch, batch, batch])) losses.push(loss);
await session[Symbol.asyncDispose]();

console.log("losses", losses);
assert.equal(losses.length, 3);
assert(losses.every(Number.isFinite) && losses[2] < losses[0], "the loss does not fall");

const doctor = JSON.parse(execFileSync("npx", ["--no-install", "sluice", "doctor", "--json"], { encoding: "utf8" }));
console.log("doctor", doctor.checks.map(({ name, status }) => `${name} ${status}`).join(", "));
assert(doctor.ok);

const report = checkOp(triple, [{ shapes: [[5, 4]] }], { missing: true });
console.log("checked", report);
assert.deepEqual(report.missing, []);
