/** @file Error codes of pipeline schedules and micro-batches. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL5001"
  | "SL5002"
  | "SL5003"
  | "SL5004"
  | "SL5010"
  | "SL5011"
  | "SL5012"
  | "SL5021"
  | "SL5022"
  | "SL5023"
  | "SL5024"
  | "SL5025"
  | "SL5026"
  | "SL5027";

export const pipelineCodes: Readonly<Record<Code, Entry>> = {
  SL5001: {
    error: "OptionError",
    title: "An unknown schedule",
    meaning: "`schedule` knows a few pipeline schedules by name, and this is none of them.",
    causes: ["A misspelt name.", "A schedule of one's own, which is data or text and needs no name."],
    remedy: "Take a name that the message lists, or write the schedule out and read it with `parseSchedule`.",
    program: ['schedule("1b1f", { ranks: 4, microBatches: 8 });', 'schedule("1f1b", { ranks: 4, microBatches: 8 });'],
  },
  SL5002: {
    error: "OptionError",
    title: "Interleaved micro-batches that fill no groups",
    meaning:
      "The interleaved schedule lets micro-batches pass each chunk in groups of as many as there are ranks, so their number is a multiple of the ranks'.",
    causes: ["A number of micro-batches that was chosen before the number of ranks."],
    remedy: "Take the next multiple, or 1F1B, which takes any number.",
    program: [
      'schedule("interleaved", { ranks: 4, microBatches: 6, chunks: 2 });',
      'schedule("interleaved", { ranks: 4, microBatches: 8, chunks: 2 });',
    ],
  },
  SL5003: {
    error: "OptionError",
    title: "Too few micro-batches for a zero-bubble schedule",
    meaning:
      "A zero-bubble schedule fills the gaps with gradients of weights of micro-batches before, and needs so many of these: p for ZB-H1, 2p − 1 for ZB-H2 and ZBV, on p ranks.",
    causes: ["More ranks, with the batch cut as before."],
    remedy: "Cut the batch into more micro-batches, or take the schedule that the message names.",
    program: ['schedule("zb-h2", { ranks: 4, microBatches: 6 });', 'schedule("zb-h2", { ranks: 4, microBatches: 7 });'],
  },
  SL5004: {
    error: "OptionError",
    title: "Chunks that a schedule does not have",
    meaning: "Only the interleaved schedule has a choice of chunks a rank. ZBV has two, all others one.",
    causes: ["`chunks` left over from another schedule."],
    remedy: "Leave `chunks` out, or take the interleaved schedule.",
    program: [
      'schedule("1f1b", { ranks: 4, microBatches: 8, chunks: 2 });',
      'schedule("interleaved", { ranks: 4, microBatches: 8, chunks: 2 });',
    ],
  },
  SL5010: {
    error: "ScheduleError",
    title: "A text that is no schedule",
    meaning:
      "A line is none of a schedule, or a word none of an action. The message names both. A schedule whose name could not be read back is not printed either.",
    causes: ["A misspelt kind: F, B, I, W, SEND_F, RECV_F, SEND_B, RECV_B.", "Two lines for one rank and stream."],
    remedy: "Write actions as stage, kind and micro-batch, `0F0`, in one line for each rank and stream.",
    program: [
      `parseSchedule(\`
  0: 0F0 0F1 0B0 0B1
  1: 1F0 1G0 1F1 1B1
\`);`,
      `parseSchedule(\`
  0: 0F0 0F1 0B0 0B1
  1: 1F0 1B0 1F1 1B1
\`);`,
    ],
  },
  SL5011: {
    error: "ScheduleError",
    title: "A schedule that is not whole",
    meaning:
      "Every stage does forward and backward of every micro-batch once, on the rank where it is, and what it takes from another rank is sent and received. Something of it is missing, there twice, or in the wrong place.",
    causes: ["A line that was edited by hand.", "A backward both whole, B, and in parts, I and W."],
    remedy: "Mend what the message names. A text without any transfers gets all that it needs.",
    program: [
      `const s = parseSchedule(\`
  0: 0F0 0F1 0B0 0B1
  1: 1F0 1B0 1F1
\`);
verifySchedule(s);`,
      `const s = parseSchedule(\`
  0: 0F0 0F1 0B0 0B1
  1: 1F0 1B0 1F1 1B1
\`);
verifySchedule(s);`,
    ],
  },
  SL5012: {
    error: "ScheduleError",
    title: "A schedule that would deadlock",
    meaning:
      "Streams work in order. Each of these actions stands behind one, reads what one makes, or needs the buffer that one frees, which in the end is itself: none of them would ever start.",
    causes: [
      "A backward in front of the forward of a stage that it needs.",
      "Sends and receives in another order on one rank than on the next.",
      "Fewer `buffers` than messages that lie about at one time.",
    ],
    remedy: "Move one of the actions that the message names, or give as many buffers as it says.",
    program: [
      `const s = parseSchedule(\`
  0: 0F0 0B0 0F1 0B1
  1: 1F0 1F1 1B0 1B1
\`);
verifySchedule(s);`,
      `const s = parseSchedule(\`
  0: 0F0 0F1 0B0 0B1
  1: 1F0 1F1 1B0 1B1
\`);
verifySchedule(s);`,
    ],
  },
  SL5021: {
    error: "OptionError",
    title: "Micro-batches that cannot be",
    meaning:
      "`microBatches` says by the name of a dim of the inputs into how many parts it is cut. The dim is not there, or cannot be cut so.",
    causes: ["A misspelt dim.", "More micro-batches than rows.", "Inputs whose dims have no names."],
    remedy: "Name the dim that holds the batch, once in each input, and cut it into no more parts than it has rows.",
    program: [
      `const g = graph(mesh, { name: "g", inputs: { x: mesh.input(["batch", 6], "float32") } }, ({ x }) => ({ y: x.mean() }));
compile(g, { dims: { batch: 8 }, microBatches: { batches: 4 } });`,
      `const g = graph(mesh, { name: "g", inputs: { x: mesh.input(["batch", 6], "float32") } }, ({ x }) => ({ y: x.mean() }));
compile(g, { dims: { batch: 8 }, microBatches: { batch: 4 } });`,
    ],
  },
  SL5022: {
    error: "LayoutError",
    title: "An op that needs the whole batch",
    meaning:
      "Between micro-batches only sums pass: gradients, means, losses. This op would need all rows of the batch at one time, as sorting along it does.",
    causes: ["An op along the dim of the batch.", "A reshape that mixes rows.", "A state that each row changes."],
    remedy: "Work on rows alone, or compile without micro-batches.",
    program: [
      `const g = graph(mesh, { name: "g", inputs: { x: mesh.input(["batch", 6], "float32") } }, ({ x }) => ({ y: x.cumsum(0).mean() }));
compile(g, { dims: { batch: 8 }, microBatches: { batch: 4 } });`,
      `const g = graph(mesh, { name: "g", inputs: { x: mesh.input(["batch", 6], "float32") } }, ({ x }) => ({ y: x.cumsum(1).mean() }));
compile(g, { dims: { batch: 8 }, microBatches: { batch: 4 } });`,
    ],
  },
  SL5023: {
    error: "LayoutError",
    title: "Rows of a micro-batch that several ranks hold",
    meaning:
      "A tensor that hangs on no input has the dim of the batch, and is split along it between ranks. The rows of a micro-batch are then not on the ranks that need them.",
    causes: ["A state or constant with a row for each row of the batch, laid out by hand."],
    remedy: "Leave its layout out, or replicate it.",
    unmet: "Dims of states have no names: only one that is as long as the batch by chance meets it.",
  },
  SL5024: {
    error: "LayoutError",
    title: "Rows of a micro-batch that cannot be split as the batch is",
    meaning:
      "Layouts are chosen for the whole batch. On the rows of one micro-batch the op cannot work so: split over the ranks they come out uneven, and what the op makes of them would lie differently.",
    causes: ["Fewer rows in a micro-batch than ranks, and an op whose rule asks for equal parts."],
    remedy: "Cut the batch so that every micro-batch has a multiple of as many rows as ranks share them.",
    unmet: "Sluice's own ops keep rows together; a rule of a user's op may hold for some extents alone.",
  },
  SL5025: {
    error: "ScheduleError",
    title: "A schedule of other stages than the graph's",
    meaning:
      "A stage is what lies between two moves from one placement to another, and a schedule says on which rank of the pipeline each stage is. The graph's stages lie otherwise, or the batch is cut into another number of micro-batches.",
    causes: [
      "An interleaved or V-shaped schedule for a graph in which each placement has one stage.",
      "A `.to(…)` too few.",
    ],
    remedy:
      "Take a schedule for the stages that the message lists, or move tensors so that the stages lie as it wants.",
    program: [
      'compile(piped, { dims: { batch: 8 }, microBatches: { batch: 4 }, schedule: "zbv" });',
      'compile(piped, { dims: { batch: 8 }, microBatches: { batch: 4 }, schedule: "zb-h1" });',
    ],
  },
  SL5026: {
    error: "LayoutError",
    title: "A stage that waits for all micro-batches",
    meaning:
      "A schedule lets micro-batches through one after the other. This op takes what all of them add up to, and is needed by each. What inputs alone add up to is there before, as the number of rows that count is.",
    causes: ["A mean of activations over the batch that each of its rows is compared with."],
    remedy: "Compute it for each row, or compile without a schedule, on one placement.",
    program: [
      `const inputs = { x: front.input(["batch", 6], "float32") };
const g = graph([front, back], { name: "g", inputs }, ({ x }) => {
  const h = nn.linear(6, 6, { name: "fc" })(x);
  return { y: h.sub(h.mean(0)).to(back).square().mean() };
});
compile(g, { dims: { batch: 8 }, microBatches: { batch: 4 }, schedule: "gpipe" });`,
      `const inputs = { x: front.input(["batch", 6], "float32") };
const g = graph([front, back], { name: "g", inputs }, ({ x }) => {
  const h = nn.linear(6, 6, { name: "fc" })(x);
  return { y: nn.layerNorm(6, { name: "norm" })(h).to(back).square().mean() };
});
compile(g, { dims: { batch: 8 }, microBatches: { batch: 4 }, schedule: "gpipe" });`,
    ],
  },
  SL5027: {
    error: "OptionError",
    title: "An axis that no stages can be cut along",
    meaning:
      "`stages` names an axis of the graph's mesh, and each place on it becomes a stage. The mesh has no such axis, a tensor is laid out along it, or the graph says by its placements what its stages are.",
    causes: [
      "A misspelt axis.",
      "A graph on several placements, between which tensors are moved by `.to(…)`.",
      "A layout of an input or a parameter, `{ stage: S(0) }`, along that axis: a tensor is on one stage.",
    ],
    remedy: "Name an axis of the mesh that no layout names, or leave the option out.",
    program: ['compile(training, { stages: "stage" });', 'compile(training, { stages: "model" });'],
  },
};
