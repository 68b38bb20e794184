/**
 * @file `toCommunicate`: a matcher for tests of layouts. What a plan communicates changes with a layout that is written
 * elsewhere, and nothing but the speed tells; a test that says how many collectives there are to be does.
 *
 * Nothing of a test runner is imported: `expect.extend` takes plain objects. The type goes where both vitest's `expect` and
 * Jest's look for matchers, the global `jest.Matchers`.
 */
import type { CountedCollective } from "../communication.ts";
import { checkOptions, checkWhole, OptionError, showGiven } from "../ir/errors.ts";
import type { Collective, PlanData, TaskTemplate } from "../ir/plan.ts";
import { Plan } from "../plan.ts";
import { changeOf } from "../view/boxing-text.ts";
import { table, count as withCommas } from "../view/format.ts";

const kinds = {
  allReduce: "all-reduce",
  allGather: "all-gather",
  reduceScatter: "reduce-scatter",
  allToAll: "all-to-all",
  p2p: "p2p",
} as const;
type Kind = keyof typeof kinds;

/** How many collectives there are of each kind: of one that is not named, none. Several tensors in one collective count once. */
export type Communication = { readonly [K in Kind]?: number } & {
  /** That pass between ranks, over all collectives; not looked at where it is absent. */
  readonly bytes?: number;
};

interface Outcome {
  readonly pass: boolean;
  message(): string;
}

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: as vitest and Jest declare it
    interface Matchers<R, T = {}> {
      /**
       * Of a plan: the collectives of a step. Of a session: those that have run since the launch, and the bytes that were
       * counted where they were moved.
       *
       * @example
       * expect(plan).toCommunicate({ allReduce: 2 });
       */
      toCommunicate(expected: Communication): R;
    }
  }
}

/**
 * Matchers for `expect.extend`, of vitest and of Jest.
 *
 * `expect(plan).toCommunicate({ allReduce: 2 })` holds when a step of the plan has two all-reduces and no other
 * collective; `toCommunicate({})` when nothing moves between ranks. Throws OptionError SL1074 and SL1075 for what is no
 * such object, and for what is neither a plan nor a session.
 *
 * @example
 * import { matchers } from "sluice/testing";
 * expect.extend(matchers);
 * test("gradients are summed once", () => {
 *   expect(compile(training)).toCommunicate({ allReduce: 1, bytes: 4096 });
 * });
 */
export const matchers = {
  toCommunicate(received: unknown, expected: Communication): Outcome {
    checkOptions("SL1074", "toCommunicate", expected, [...Object.keys(kinds), "bytes"], () => undefined);
    for (const [name, value] of Object.entries(expected))
      checkWhole("SL1075", `toCommunicate, ${name}`, value, 0, () => undefined);
    const { name, collectives, plan } = communicationOf(received);
    const found = tally(collectives);
    const differs = (Object.keys(found) as (keyof Communication)[]).filter(
      (key) => found[key] !== wanted(expected, key, found),
    );
    const pass = differs.length === 0;
    return { pass, message: () => report(name, collectives, plan, found, expected, pass ? undefined : differs) };
  },
};

type Counted = Collective & { readonly count: number };
type Tally = { readonly [K in keyof Required<Communication>]: number };

function communicationOf(received: unknown): { name: string; collectives: readonly Counted[]; plan?: Plan } {
  if (received instanceof Plan) {
    const collectives = received.communication.map((each) => ({ ...each, count: 1 }));
    return { name: `plan "${received.name}", in one step,`, collectives: collectives.filter(isMove), plan: received };
  }
  const { communication } = (received ?? {}) as { readonly communication?: readonly CountedCollective[] };
  if (!Array.isArray(communication))
    throw new OptionError("SL1075", `it is ${showGiven(received)}`, {
      subject: "toCommunicate, what is expected to communicate",
      choices: ["a plan", "a session"],
    });
  return { name: "the session, so far,", collectives: (communication as CountedCollective[]).filter(isMove) };
}

const isMove = ({ kind }: Collective): boolean => Object.values<string>(kinds).includes(kind);

function tally(collectives: readonly Counted[]): Tally {
  const of = (kind: string) => collectives.reduce((sum, each) => (each.kind === kind ? sum + each.count : sum), 0);
  const counts = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, of(kind)])) as Record<
    Kind,
    number
  >;
  return { ...counts, bytes: collectives.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const wanted = (expected: Communication, key: keyof Communication, found: Tally): number =>
  expected[key] ?? (key === "bytes" ? found.bytes : 0);

/** @param differs what is not as expected; absent where all of it is, and that was not to be */
function report(
  name: string,
  collectives: readonly Counted[],
  plan: Plan | undefined,
  found: Tally,
  expected: Communication,
  differs: readonly (keyof Communication)[] | undefined,
): string {
  const said = Object.entries(expected).map(([key, value]) => `${key}: ${value}`);
  const lines = differs?.map((key) => {
    const least = wanted(expected, key, found);
    const by = Math.abs(found[key] - least);
    return `  ${key}: ${withCommas(found[key])}, expected ${withCommas(least)} (${withCommas(by)} ${found[key] > least ? "more" : "fewer"})`;
  });
  return [
    `expected ${name} ${differs ? "" : "not "}to communicate ${said.length > 0 ? `{ ${said.join(", ")} }` : "nothing"}`,
    "",
    ...(lines ? [...lines, ""] : []),
    ...list(collectives, plan),
  ].join("\n");
}

function list(collectives: readonly Counted[], plan: Plan | undefined): string[] {
  if (collectives.length === 0) return ["It communicates nothing."];
  const rows = collectives.map((each) => {
    const task = plan?.data.tasks.find(({ id }) => id === each.task);
    const what = task
      ? [tensorsOf(plan!.data, task), changeOf(plan!.data, task)]
      : [each.name, `${withCommas(each.count)} ×`];
    return [each.kind, each.axis ?? "–", each.dtype, ...what, withCommas(each.bytes)];
  });
  return [
    "It communicates:",
    ...table(
      [
        { title: "kind" },
        { title: "axis" },
        { title: "dtype" },
        { title: plan ? "tensors" : "collective" },
        { title: plan ? "layout" : "count" },
        { title: "bytes", right: true },
      ],
      rows,
    ),
  ];
}

/** What a collective carries, with global shapes: `fc2.matmul [128,10]`, `gradient of fc1.weight [784,512]`. */
function tensorsOf({ graph }: PlanData, task: TaskTemplate): string {
  const ops = graph.ops.filter(({ kind, name }) => kind === "boxing" && task.ops.includes(name));
  return ops
    .map(({ inputs, outputs }) => {
      const { name, shape } = graph.values[inputs[0]!]!;
      const { gradientOf } = graph.values[outputs[0]!]!;
      return `${gradientOf === undefined ? name : `gradient of ${gradientOf}`} [${shape.join(",")}]`;
    })
    .join(", ");
}
