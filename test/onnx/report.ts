/** @file What became of ONNX's node tests, as a page of the documentation. */

export interface Outcome {
  readonly name: string;
  /** The op of ONNX that it is a test of. */
  readonly op: string;
  /** Why it did not run. */
  readonly reason?: string;
  readonly passed?: boolean;
  /** Runs of our ops under legal signatures. */
  readonly signatures?: number;
  /** Did it also run in a session? */
  readonly whole?: boolean;
}

const count = <T>(list: readonly T[], of: (item: T) => boolean | undefined): number => list.filter((x) => of(x)).length;

/** Items by a key, the keys in order. */
function grouped<T>(list: readonly T[], key: (item: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const item of list) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

const reasons = (list: readonly Outcome[]): [string, Outcome[]][] =>
  grouped(
    list.filter(({ reason }) => reason !== undefined),
    ({ reason }) => reason!,
  ).sort(([, a], [, b]) => b.length - a.length);

/** Rounded down, so that not every new rule changes the page. */
const thousands = (n: number) => Math.floor(n / 1000) * 1000;
const shown = (n: number) => n.toLocaleString("en-US");

/** Of the page's first line with a number in it: how many tests there were. */
export const testsIn = (page: string): number => Number(page.match(/^- Tests: ([\d,]+)$/m)?.[1]?.replaceAll(",", ""));
/** And how many ran. */
export const runIn = (page: string): number => Number(page.match(/^- Run: ([\d,]+)/m)?.[1]?.replaceAll(",", ""));

export function page(outcomes: readonly Outcome[]): string {
  const ran = outcomes.filter(({ reason }) => reason === undefined);
  const passed = count(ran, ({ passed }) => passed);
  const rows = grouped(outcomes, ({ op }) => op).map(([op, list]) => {
    const own = list.filter(({ reason }) => reason === undefined);
    const why = reasons(list).map(([reason, some]) =>
      some.length === list.length ? reason : `${some.length}: ${reason}`,
    );
    return `| ${op} | ${list.length} | ${own.length} | ${count(own, (o) => o.passed)} | ${why.join("; ")} |`;
  });
  const missing = reasons(outcomes).map(([reason, some]) => `| ${reason} | ${some.length} |`);
  return `# ONNX's node tests

Written by \`npm run docs:onnx\`; \`npm test\` checks that it is still true. The tests are those of Debian's package
\`libonnx-testdata\` (folder \`node\`), in \`/usr/share/libonnx-testdata\` or where \`ONNX_NODE_TESTS\` says.

A test runs when its op can be said in ours and its dtypes are ours: \`test/onnx/ops\` says how. Then

- the outputs computed on whole tensors are compared with the stored ones (relative 1e-5, absolute 1e-7; integers and
  truth values exactly; windows of signals 1e-3, for they are stored with π = 3.1415);
- every op of ours in it is run **under each of its legal signatures on 2 ranks**, by the WebAssembly kernels, with the
  values that occur at its place: inputs are laid out by the signature, each rank computes alone, the results are put
  together and compared. A signature that boxes inside runs as the ops that it stands for;
- a sample is compiled with all inputs split and run in a session.

Parameters that ONNX passes as tensors (axes, shapes, indices) are taken from their data while the graph is built.

- Tests: ${shown(outcomes.length)}
- Run: ${shown(ran.length)}
- Passed: ${shown(passed)}
- Runs under a signature: over ${shown(thousands(ran.reduce((n, { signatures = 0 }) => n + signatures, 0)))}
- Run in a session: ${shown(count(ran, ({ whole }) => whole))}
- Not covered: ${shown(outcomes.length - ran.length)}

## Not covered

| Why | Tests |
| --- | ---: |
${missing.join("\n")}

## By op

The tests of a function's expansion are counted with the function.

| ONNX op | Tests | Run | Passed | Not covered |
| --- | ---: | ---: | ---: | --- |
${rows.join("\n")}
`;
}
