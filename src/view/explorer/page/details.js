/** @file What there is to know of what is selected; of the whole plan where nothing is. */
import { badge, facts, link, list, pager, section, table } from "./cards.js";
import { el } from "./dom.js";
import { bytes, count, ranges, seconds, signed } from "./format.js";
import { groupsOf, plan, ranksOf, registersIn, registersOut } from "./model.js";
import { overview } from "./overview.js";
import { shardsPicture } from "./shards.js";
import { causeText, freeBefore, lengthOf, spanAt, waitText, whoIs } from "./spans.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {import("./cards.js").Select} Select
 */

/**
 * @param {Selection | null} selection
 * @param {Select} select
 * @returns {(Node | null)[]}
 */
export function detailsOf(selection, select) {
  if (!selection) return overview(select);
  const page = { op: opDetails, tensor: tensorDetails, task: taskDetails }[selection.type];
  return page(selection, select);
}

/** @type {(selection: Selection, select: Select) => (Node | null)[]} */
function opDetails(selection, select) {
  const op = plan.ops[selection.id];
  if (!op) return [];
  const { choice } = op;
  const mesh = plan.placements[op.placement];
  const axes = choice?.rules.map(({ axis }) => axis) ?? [];
  const tensors = [
    ...op.ins.map((id, i) => ({ id, i, side: /** @type {const} */ ("ins") })),
    ...op.outs.map((id, i) => ({ id, i, side: /** @type {const} */ ("outs") })),
  ];
  const rules = tensors.map(({ id, i, side }) => [
    side === "ins" ? "takes" : "gives",
    link({ type: "tensor", id }, select, plan.tensors[id]?.name),
    ...(choice?.rules.map((rule) => rule[side][i] ?? "") ?? []),
  ]);
  return [
    el("h2", {}, op.name),
    pager(selection, select),
    el("p", {}, badge(op.step ?? op.kind), el("span", { class: "sub" }, op.phase)),
    op.change === undefined ? null : el("p", {}, op.change),
    op.at === undefined ? null : el("p", {}, el("code", {}, op.at)),
    op.attrs === undefined ? null : el("p", {}, el("code", {}, op.attrs)),
    choice
      ? section(
          "How it works on the mesh",
          table(["", "tensor", ...axes], rules, (i) => (i > 1 ? "sbp" : i === 0 ? "sub" : undefined)),
        )
      : null,
    choice
      ? section(
          "Why so",
          facts(
            [
              ["signature", choice.chosen],
              ["its own work", choice.compute ? seconds(choice.compute) : "–"],
              ["boxing of its inputs", choice.boxing ? seconds(choice.boxing) : "–"],
            ],
            true,
          ),
          ...choice.rivals.map((rival) => rivalCard(rival, choice.rivals.length > 1)),
          choice.parts === undefined
            ? null
            : el("p", { class: "sub" }, `costs are those of its ${choice.parts} micro-batches together`),
        )
      : null,
    section("Tensors", list(tensors.map(({ id, side }) => tensorLine(id, side, select)))),
    section("Shards of what it gives", ...op.outs.slice(0, 3).flatMap((id) => shardsCard(id))),
    section(
      "Runs in",
      op.task < 0
        ? el("p", { class: "sub" }, "no task: it is read where it lies")
        : link({ type: "task", id: op.task }, select),
      mesh ? el("p", { class: "sub" }, `on ranks ${ranges(mesh.ranks)}`) : null,
    ),
    op.writes ? section("Writes", list(op.writes.map((state) => el("span", {}, state)))) : null,
  ];
}

/** @param {import("../types.ts").RivalInfo} rival @param {boolean} several */
function rivalCard({ tensor, text, more, unlimited }, several) {
  const whose = several ? `${plan.tensors[tensor]?.name}: ` : "";
  return el(
    "div",
    {},
    el("p", {}, el("span", { class: "sub" }, `${whose}next best `), text),
    more
      ? facts([
          ["compute", signed(more[0], seconds)],
          ["boxing", signed(more[1], seconds)],
          ["memory", signed(more[2], bytes)],
        ])
      : null,
    unlimited === undefined ? null : el("p", {}, `with more memory it would be ${unlimited}`),
  );
}

/** @param {number} id @param {"ins" | "outs"} side @param {Select} select */
function tensorLine(id, side, select) {
  const tensor = plan.tensors[id];
  if (!tensor) return null;
  return el(
    "span",
    {},
    el("span", { class: "sub" }, side === "ins" ? "takes " : "gives "),
    link({ type: "tensor", id }, select),
    ` ${tensor.type} ${tensor.layout}`,
    el("span", { class: "sub" }, ` · ${bytes(tensor.bytes)} a rank`),
  );
}

/** @param {number} id @returns {(Node | null)[]} */
function shardsCard(id) {
  const card = shardsPicture(id);
  const tensor = plan.tensors[id];
  if (!card || !tensor) return [];
  return [el("div", {}, `${tensor.type} · ${tensor.layout}`), card.picture, el("p", { class: "sub" }, card.note)];
}

/** @type {(selection: Selection, select: Select) => (Node | null)[]} */
function tensorDetails({ id }, select) {
  const tensor = plan.tensors[id];
  if (!tensor) return [];
  const mesh = plan.placements[tensor.placement];
  return [
    el("h2", {}, tensor.name),
    el("p", {}, badge("tensor"), el("span", { class: "sub" }, tensor.type)),
    section(
      "How it lies",
      facts([
        ["mesh", mesh ? mesh.axes.map(({ name, size }) => `${name}: ${size}`).join(", ") : ""],
        ["layout", tensor.layout],
        ["elements", count(tensor.shape.reduce((a, b) => a * b, 1))],
        ["a rank holds", bytes(tensor.bytes)],
      ]),
    ),
    section("Its shards", ...shardsCard(id).slice(1)),
    section("Made by", link({ type: "op", id: tensor.from }, select)),
    section("Taken by", list(tensor.to.map((op) => link({ type: "op", id: op }, select)))),
  ];
}

/** @type {(selection: Selection, select: Select) => (Node | null)[]} */
function taskDetails(selection, select) {
  const { id } = selection;
  const task = plan.tasks[id];
  if (!task) return [];
  const { collective, kernels } = task;
  const ranks = ranksOf(task);
  const what = collective ? [collective.kind, collective.axis].filter(Boolean).join(" · ") : task.stream;
  const register = (/** @type {number} */ i, /** @type {"from" | "to"} */ end) => {
    const own = plan.registers[i];
    if (!own) return null;
    const said = `${own.bytes ? `${bytes(own.bytes)} × ${own.slots}` : "control"}${own.delay ? `, ${own.delay} step later` : ""}`;
    return el("span", {}, link({ type: "task", id: own[end] }, select), el("span", { class: "sub" }, ` · ${said}`));
  };
  return [
    el("h2", {}, task.name),
    pager(selection, select),
    el("p", {}, badge(what), el("span", { class: "sub" }, `task ${id} in launch order`)),
    ranks.length > 0 ? el("p", { class: "sub" }, `on rank${ranks.length > 1 ? "s" : ""} ${ranges(ranks)}`) : null,
    task.action ? el("p", {}, task.action[1]) : null,
    firings(selection, select),
    collective
      ? section(
          "What it moves",
          facts([
            ["layout", collective.change],
            ["between ranks", bytes(collective.bytes)],
            ["a rank receives", received(collective.received)],
            ["ranks that exchange", groupsText(groupsOf(task))],
          ]),
        )
      : null,
    section("Ops", list(task.ops.map((op) => link({ type: "op", id: op }, select)))),
    kernels.length > 0 ? section("Kernels", el("p", {}, kernels.join(", "))) : null,
    task.joined ? section("In one kernel call", list(task.joined.map((text) => el("span", {}, text)))) : null,
    section("Reads from", list(registersIn(id).map((i) => register(i, "from")))),
    section("Gives to", list(registersOut(id).map((i) => register(i, "to")))),
    task.writes ? section("Writes", list(task.writes.map((state) => el("span", {}, state)))) : null,
  ];
}

/** @param {readonly [number, number]} of */
const received = ([least, most]) => (least === most ? bytes(most) : `${bytes(least)} to ${bytes(most)}`);

/** @param {readonly (readonly number[])[]} groups */
const groupsText = (groups) =>
  groups.length === 0
    ? "one by one"
    : groups.length > 8
      ? `${groups.length} groups of ${groups[0]?.length}`
      : groups.map((group) => ranges(group)).join(" | ");

/**
 * When a task ran, on the rank selected or the first one.
 * @param {Selection} selection
 * @param {Select} select
 */
function firings({ id, rank, firing }, select) {
  const { timeline, tasks } = plan;
  const task = tasks[id];
  const on = rank ?? (task && ranksOf(task)[0]) ?? 0;
  const row = timeline.rows.findIndex(({ ranks }) => ranks.includes(on));
  const lane = timeline.rows[row]?.lanes.findIndex(({ stream }) => stream === task?.stream) ?? -1;
  const spans = timeline.rows[row]?.lanes[lane]?.spans ?? [];
  const all = Array.from({ length: lengthOf(spans) }, (_, i) => i).filter((i) => spanAt(spans, i).task === id);
  // The selected one among them, and those around it.
  const first = Math.max(0, Math.min(all.length - 6, all.indexOf(firing?.span ?? 0) - 2));
  const rows = [];
  for (const i of all.slice(first, first + 6)) {
    const span = spanAt(spans, i);
    const waited = span.start - freeBefore(spans, i);
    const own = firing?.row === row && firing.lane === lane && firing.span === i;
    const to = /** @type {Selection} */ ({ type: "task", id, rank: on, firing: { row, lane, span: i } });
    const cause = /** @type {Selection} */ ({
      type: "task",
      id: span.cause,
      ...(span.rank >= 0 && { rank: span.rank }),
    });
    const why =
      waitText(span, waited) === ""
        ? "–"
        : el("span", {}, `${seconds(waited)} for `, span.cause < 0 ? "the host" : link(cause, select), causeText(span));
    const step = link(to, select, `${own ? "▸ " : ""}${timeline.first + span.step}`);
    rows.push([step, seconds(span.start), seconds(span.end - span.start), why]);
  }
  if (rows.length === 0) return null;
  return section(
    `On ${whoIs(on)} · ${timeline.measured ? "measured" : "simulated"}`,
    table(["step", "start", "takes", "waited"], rows, (i) => (i < 3 ? "short" : undefined)),
  );
}
