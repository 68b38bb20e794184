/** @file Error codes of sessions: batches, runs, states, memory. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL4001"
  | "SL4002"
  | "SL4003"
  | "SL4004"
  | "SL4005"
  | "SL4006"
  | "SL4010"
  | "SL4011"
  | "SL4012"
  | "SL4013"
  | "SL4014"
  | "SL4020"
  | "SL4021"
  | "SL4022"
  | "SL4023"
  | "SL4024"
  | "SL4025"
  | "SL4036"
  | "SL4037"
  | "SL4038";

export const runtimeCodes: Readonly<Record<Code, Entry>> = {
  SL4001: {
    error: "FeedError",
    title: "A batch without an input, or with one too many",
    meaning: "A batch is an object with an array for each input of the graph, by name, and nothing else.",
    causes: ["An input that was renamed in the graph.", "A misspelt name.", "`undefined` yielded by a generator."],
    remedy: "Yield an object with exactly the inputs of the graph.",
    program: [
      `const session = await launch(plan);
for await (const { loss } of session.run([{ X: batch.x }])) console.log(loss);`,
      `const session = await launch(plan);
for await (const { loss } of session.run([{ x: batch.x }])) console.log(loss);`,
    ],
  },
  SL4002: {
    error: "FeedError",
    title: "A batch of another dtype",
    meaning: "An array of the batch has another element type than the input was declared with.",
    causes: ["Labels as floats.", "Bytes of an image that were not converted."],
    remedy: "Convert the data, or declare the input with the dtype of the data.",
    program: [
      `const session = await launch(plan);
const x = array([8, 6], "int32", new Int32Array(48));
for await (const { loss } of session.run([{ x }])) console.log(loss);`,
      `const session = await launch(plan);
const x = array([8, 6], "float32", new Float32Array(48));
for await (const { loss } of session.run([{ x }])) console.log(loss);`,
    ],
  },
  SL4003: {
    error: "FeedError",
    title: "A batch of another shape",
    meaning: "A plan is compiled for one size, and an array of the batch has another.",
    causes: ["The last batch of an epoch, which is smaller.", "A graph compiled for another batch size."],
    remedy: "Compile for this size, or drop or pad what does not fill a batch.",
    program: [
      `const session = await launch(plan);
const x = array([5, 6], "float32", new Float32Array(30));
for await (const { loss } of session.run([{ x }])) console.log(loss);`,
      `const session = await launch(plan);
const x = array([8, 6], "float32", new Float32Array(48));
for await (const { loss } of session.run([{ x }])) console.log(loss);`,
    ],
  },
  SL4004: {
    error: "FeedError",
    title: "A batch whose data is no array, or of another length",
    meaning: "An input is fed with an object of shape, dtype and data, the data a typed array of that many elements.",
    causes: ["A plain list of numbers.", "Data that was cut and a shape that was not."],
    remedy: "Make it with `array(shape, dtype, data)`, which checks it.",
    program: [
      `const session = await launch(plan);
for await (const { loss } of session.run([{ x: [1, 2, 3] }])) console.log(loss);`,
      `const session = await launch(plan);
const x = array([8, 6], "float32", new Float32Array(48));
for await (const { loss } of session.run([{ x }])) console.log(loss);`,
    ],
  },
  SL4005: {
    error: "FeedError",
    title: "A run over what cannot be iterated",
    meaning: "`session.run` takes batches: an array, a generator, an async one, or an observable.",
    causes: [
      "The dataset given for its batches.",
      "One batch that is not in a list.",
      "A generator function that was not called.",
    ],
    remedy: "Give something that yields batches.",
    program: [
      `const session = await launch(plan);
for await (const { loss } of session.run(batch)) console.log(loss);`,
      `const session = await launch(plan);
for await (const { loss } of session.run([batch])) console.log(loss);`,
    ],
  },
  SL4006: {
    error: "FeedError",
    title: "An observable that outruns the run",
    meaning:
      "An observable pushes batches without being asked. So many may be ahead of the loop as `prefetch` says, 64 unless it is given; they are neither dropped nor piled up.",
    causes: [
      "`from(list)`, which pushes all of a list at once.",
      "A timer or a stream that is faster than a step.",
      "A loop that waits for something else meanwhile.",
    ],
    remedy:
      "Give the list or the generator itself, which is asked for each batch; or say what becomes of the rest with an operator: `throttleTime` and `auditTime` drop, `bufferCount` joins. For bursts raise `prefetch`.",
    program: [
      `const session = await launch(plan);
const many = new Array(100).fill(batch);
const observable = {
  subscribe(observer) {
    for (const one of many) observer.next(one);
    return { unsubscribe() {} };
  },
};
for await (const { loss } of session.run(observable)) console.log(loss);`,
      `const session = await launch(plan);
const many = new Array(100).fill(batch);
for await (const { loss } of session.run(many)) console.log(loss);`,
    ],
  },
  SL4010: {
    error: "SessionError",
    title: "Two things at once in a session",
    meaning:
      "A session runs one plan at a time. Its parameters can be read and written between the steps of a run, not while it ends.",
    causes: [
      "A second loop over `session.run` while one is going.",
      "Parameters written while the last steps of a run end.",
    ],
    remedy: "Let the run end, or leave its loop, first. To go over other data in between, start a second session.",
    program: [
      `const session = await launch(plan);
for await (const _ of session.run([batch, batch]))
  for await (const { loss } of session.run([batch])) console.log(loss);`,
      `const session = await launch(plan);
for await (const { loss } of session.run([batch, batch])) console.log(loss);
for await (const { loss } of session.run([batch])) console.log(loss);`,
    ],
  },
  SL4011: {
    error: "SessionError",
    title: "A session that has ended",
    meaning: "The session was closed, and its threads and memory are gone.",
    causes: ["`await using` in a block that has ended.", "`close()` while a loop is still going."],
    remedy: "Start another session; what it should go on from must have been read before the first one was closed.",
    program: [
      `const session = await launch(plan);
await session.close();
for await (const { loss } of session.run([batch])) console.log(loss);`,
      `const session = await launch(plan);
for await (const { loss } of session.run([batch])) console.log(loss);
await session.close();`,
    ],
  },
  SL4012: {
    error: "SessionError",
    title: "An executor that failed",
    meaning: "A thread that computes has ended, or a task of it has failed. The session cannot go on.",
    causes: ["The machine ran out of memory.", "The process was told to end.", "A kernel of one's own that throws."],
    remedy:
      "Close the session and start another from the last checkpoint. If it comes back, report it with the task that the message names.",
    unmet: "It takes a failure of the machine, or a thread that is ended from outside.",
  },
  SL4013: {
    error: "SessionError",
    title: "A state or a plan that the session does not hold",
    meaning: "A session knows the plan that it was launched with and those that it has loaded, and their states.",
    causes: ["Traffic, or a picture of a session, asked for a plan that was compiled but not loaded."],
    remedy: "Load the plan first: `session.load(plan)`.",
    program: [
      `const session = await launch(plan);
session.traffic(compile(training, { seed: 1 }));`,
      `const session = await launch(plan);
session.traffic(plan);`,
    ],
  },
  SL4014: {
    error: "SessionError",
    title: "A number of threads that cannot be",
    meaning: "`threads` is a whole number from 1 on.",
    causes: ["The number of cores divided, which does not come out even.", "0, where a setting is missing."],
    remedy: "Give a whole number from 1 on, or leave it out: then it is one thread a core, at most one a rank.",
    program: ["await launch(plan, { threads: 0 });", "await launch(plan, { threads: 1 });"],
  },
  SL4020: {
    error: "PlanError",
    title: "A state that lies otherwise in the two plans",
    meaning: "Plans in one session share their states by name, so these must have the same shape and lie the same way.",
    causes: [
      "An evaluation graph compiled with another sharding than the training graph.",
      "Another model with equal names.",
    ],
    remedy: "Give the second `compile` the sharding of the first plan: `{ sharding: plan.sharding }`.",
    program: [
      `const session = await launch(compile(training, { sharding: { "fc.weight": { data: S(0) } } }));
await session.load(compile(training, { sharding: { "fc.weight": { data: "B" } } }));`,
      `const first = compile(training, { sharding: { "fc.weight": { data: S(0) } } });
const session = await launch(first);
await session.load(compile(training, { sharding: first.sharding, seed: 1 }));`,
    ],
  },
  SL4021: {
    error: "PlanError",
    title: "Too little memory",
    meaning:
      "All ranks of a process share one memory of 4 GiB at most, and the plan does not fit into what is left of it.",
    causes: [
      "A batch that is too large.",
      "A large parameter that every rank holds in whole.",
      "Several plans in one session.",
    ],
    remedy:
      "Take a smaller batch, split large parameters over the ranks, or lower `slots`. `plan.memory` says what takes how much.",
    program: [
      `const inputs = { x: mesh.input([2 ** 29], "float32", { data: "B", model: "B" }) };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
await launch(compile(built, { memory: 2 ** 36 }));`,
      `const inputs = { x: mesh.input([2 ** 10], "float32", { data: S(0) }) };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
await launch(compile(built));`,
    ],
  },
  SL4022: {
    error: "PlanError",
    title: "A plan on ranks that the session lacks",
    meaning:
      "A session runs the ranks of the plan that it was launched with; another plan may use these or some of them.",
    causes: ["The evaluation graph built on a larger or another mesh."],
    remedy: "Build both graphs on one placement, or launch the plan with more ranks first.",
    program: [
      `const session = await launch(plan);
const far = placement("cpu", { data: 2 }, { ranks: [4, 5] });
const inputs = { x: far.input([8], "float32") };
await session.load(compile(graph(far, { name: "far", inputs }, ({ x }) => ({ y: x.exp() }))));`,
      `const session = await launch(plan);
const inputs = { x: mesh.input([8], "float32") };
await session.load(compile(graph(mesh, { name: "near", inputs }, ({ x }) => ({ y: x.exp() }))));`,
    ],
  },
  SL4023: {
    error: "PlanError",
    title: "A plan of another make than actors can run",
    meaning: "The plan's tasks or edges are not of the kind that this version can run.",
    causes: ["A plan written by hand or by another tool."],
    remedy: "Compile the graph again with this version of Sluice.",
    unmet: "`compile` makes only plans that can be run.",
  },
  SL4024: {
    error: "PlanError",
    title: "A plan with wider tasks than the session's",
    meaning:
      "Launch records are made for the first plan of a session, and a task of this plan reads more registers than they hold.",
    causes: ["A small plan launched first and a much larger one loaded after it."],
    remedy: "Launch the larger plan, and load the smaller one.",
    unmet: "It takes a plan with a task that reads very many registers; test/actors/plans.test.ts makes one by hand.",
  },
  SL4025: {
    error: "PlanError",
    title: "A schedule that stands still",
    meaning:
      "Rehearsed before the launch, the order of the plan's tasks comes to a task that waits for one that comes after it.",
    causes: ["A plan written by hand or by another tool."],
    remedy: "Compile the graph again. The message names the task and what it waits for.",
    unmet: "`compile` proves the order of its plans; test/actors/plans.test.ts changes one by hand.",
  },
  SL4036: {
    error: "SessionError",
    title: "An engine that this machine does not have",
    meaning:
      "An engine runs the kernels. The one that was asked for by name cannot be had here; unasked, Sluice takes the next one, and says so in a line.",
    causes: [
      "No C compiler, or one that fails: the message has the command and its first lines.",
      "A folder for the cache that cannot be written.",
      "A misspelt name in the environment variable `SLUICE_ENGINE`.",
    ],
    remedy:
      'Install a C compiler, or name one in the environment variable `CC`; or take the engine "wasm", which every machine has.',
    unmet: "It takes a machine without a compiler; test/kernels/native.test.ts takes the compiler away.",
  },
  SL4037: {
    error: "SessionError",
    title: "A task that makes no progress",
    meaning:
      "A thread has been at one task for longer than `timeout` (1.2 s unless said otherwise) and what the task's work takes on a slow machine, and nothing else keeps it. The session has ended: its threads and its memory are free, and another one can be started. `error.flight` has what every actor and thread was at, and did last.",
    causes: [
      "A kernel of one's own that loops for ever, or waits for what never comes.",
      "A kernel of one's own that does far more work than the sizes of its operands let expect.",
    ],
    remedy:
      "Mend the kernel. If it does take that long, launch with a larger `{ timeout }`, in milliseconds; `Infinity` turns the watch off.",
    unmet: "It takes a task that never ends; test/actors/supervision.test.ts has some.",
  },
  SL4038: {
    error: "SessionError",
    title: "A task that hangs in native code",
    meaning:
      "As SL4037, but the thread is in native code, where nothing can interrupt it. Thread and memory are kept from use until it returns, and are not freed. Other sessions of the process are not touched, and the process can end: it does not wait for the thread.",
    causes: ["A kernel of one's own that calls a library or the system, and that call never returns."],
    remedy:
      'Mend the call. A job that something restarts can be launched with `{ onHang: "kill" }`: then the process kills itself, and what it kept is free. A larger `{ timeout }` gives the call more time.',
    unmet: "It takes a native call that never returns; test/actors/supervision.test.ts has one.",
  },
};
