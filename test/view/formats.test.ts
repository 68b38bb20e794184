/** @file One picture in several formats: the same nodes and edges in each, written out for a small plan. */
import { compile, graph, placement, S } from "sluice";
import { describe, expect, it, test } from "vitest";
import type { PlanData } from "../../src/ir/plan.ts";
import type { Picture } from "../../src/view/picture.ts";
import { type RenderOptions, render } from "../../src/view/render.ts";
import { gpt, mlp, nasty, renamed } from "./plans.ts";

const mesh = placement("cpu", { data: 2 });
const small = compile(
  graph(mesh, { name: "small", inputs: { x: mesh.input([4, 6], "float32", { data: S(0) }) } }, ({ x }) => ({
    total: x.relu().sum(),
  })),
);

/** Ids of nodes, and edges by their ends, as a text says them; edges that only lay out are left out. */
const readers = {
  dot: (text: string) => ({
    nodes: [...text.matchAll(/^ *"(\w+)" \[/gm)].map(([, id]) => id!),
    edges: [...text.matchAll(/^ *"(\w+)" -> "(\w+)"(?! \[style="invis")/gm)].map(([, from, to]) => `${from} ${to}`),
  }),
  mermaid: (text: string) => ({
    nodes: [...text.matchAll(/^ *(\w+)[[({]+.*:::\w+$/gm)].map(([, id]) => id!),
    edges: [...text.matchAll(/^ *(\w+) (?:-->|-\.->|===)(?:\|"[^"]*"\|)? (\w+)$/gm)].map(
      ([, from, to]) => `${from} ${to}`,
    ),
  }),
  json: (text: string) => {
    const { nodes, edges } = JSON.parse(text) as Picture;
    return { nodes: nodes.map(({ id }) => id), edges: edges.map(({ from, to }) => `${from} ${to}`) };
  },
};
const formats = Object.keys(readers) as (keyof typeof readers)[];

const layers = gpt(3);
const cases: [name: string, plan: PlanData, options: RenderOptions][] = [
  ["a small graph", small.data, { graph: "logical" }],
  ["a small plan", small.data, {}],
  ["an MLP's graph", mlp(), { graph: "logical" }],
  ["an MLP's plan", mlp(), {}],
  ["a graph with names that mean something", renamed(), { graph: "logical" }],
  ["a plan with names that mean something", renamed(), {}],
  ["a graph of equal blocks", layers, { graph: "logical" }],
  ["one of them by itself", layers, { graph: "logical", expand: ["block1"] }],
  ["all of it", layers, { graph: "logical", expand: "all" }],
  ["its plan", layers, {}],
];

describe.each(cases)("%s", (_, plan, options) => {
  it("has the same nodes and edges in every format, and each node that an edge names", async () => {
    const read = await Promise.all(formats.map(async (format) => readers[format](await render(plan, format, options))));
    const { nodes, edges } = read[2]!;
    expect(edges.length).toBeGreaterThan(0);
    expect(new Set(nodes).size).toBe(nodes.length);
    for (const edge of edges) for (const end of edge.split(" ")) expect(nodes).toContain(end);
    for (const other of read) {
      expect(other.nodes.toSorted()).toEqual(nodes.toSorted());
      expect(other.edges).toEqual(edges);
    }
  });

  it("is the same bytes each time", async () => {
    const copy = JSON.parse(JSON.stringify(plan)) as PlanData;
    for (const format of formats) expect(await render(copy, format, options)).toBe(await render(plan, format, options));
  });
});

test("Mermaid of a small graph", async () => {
  expect(await small.render("mermaid", { graph: "logical" })).toMatchInlineSnapshot(`
    "---
    title: "small · logical graph on cpu {data: 2}"
    ---
    flowchart TB
      subgraph key["layouts"]
        key_split0["split along data"]
        key_partial["partial along data"]
      end
      class key_split0 split0
      class key_partial partial
      subgraph forward0["forward"]
        op0[\\"x<br/>input · f32[4,6] {data: S(0)}"/]:::split0
        op1("relu"):::split0
        op2("sum"):::partial
      end
      out0[/"total<br/>output"\\]:::partial
      op0 -->|"f32[4,6] · 48 B<br/>{data: S(0)}"| op1
      op1 -->|"f32[4,6] · 48 B<br/>{data: S(0)}"| op2
      op2 -->|"f32[] · 4 B<br/>{data: P(sum)}"| out0
      classDef split0 fill:#cfe2fb,stroke:#2463b4,color:#222222
      classDef partial fill:#fdc98c,stroke:#b05a00,color:#222222
      linkStyle 0,1 stroke:#2463b4
      linkStyle 2 stroke:#b05a00
      style forward0 fill:#fafbfc,stroke:#c9ced6,color:#767676
      style key fill:#fafbfc,stroke:#c9ced6,color:#767676
    "
  `);
});

test("JSON of a small graph", async () => {
  expect(await small.render("json", { graph: "logical" })).toMatchInlineSnapshot(`
    "{
      "format": "sluice-picture",
      "version": 1,
      "graph": "logical",
      "text": [
        "small · logical graph on cpu {data: 2}",
        "a fill is the layout of what an op gives · an edge is a tensor, with the bytes of it that a rank holds; an axis that is not named holds all of it (B)"
      ],
      "legend": [
        {"tone":"split0","text":"split along data"},
        {"tone":"partial","text":"partial along data"}
      ],
      "clusters": [
        {"id":"forward0","kind":"phase","text":["forward"],"inside":null}
      ],
      "nodes": [
        {"id":"op0","kind":"input","tone":"split0","text":[["x","input · f32[4,6] {data: S(0)}"]],"inside":"forward0","ops":["x"]},
        {"id":"op1","kind":"compute","tone":"split0","text":[["relu"]],"inside":"forward0","ops":["relu"]},
        {"id":"op2","kind":"compute","tone":"partial","text":[["sum"]],"inside":"forward0","ops":["sum"]},
        {"id":"out0","kind":"output","tone":"partial","text":[["total","output"]],"inside":null,"ops":[]}
      ],
      "edges": [
        {"from":"op0","to":"op1","kind":"tensor","tone":"split0","text":["f32[4,6] · 48 B","{data: S(0)}"],"count":1},
        {"from":"op1","to":"op2","kind":"tensor","tone":"split0","text":["f32[4,6] · 48 B","{data: S(0)}"],"count":1},
        {"from":"op2","to":"out0","kind":"tensor","tone":"partial","text":["f32[] · 4 B","{data: P(sum)}"],"count":1}
      ],
      "rows": [],
      "columns": []
    }
    "
  `);
});

test("Mermaid of a small plan", async () => {
  expect(await small.render("mermaid")).toMatchInlineSnapshot(`
    "---
    title: "small · physical plan on ranks 0,1"
    ---
    flowchart TB
      subgraph key["layouts"]
        key_split0["split along data"]
        key_partial["partial along data"]
      end
      class key_split0 split0
      class key_partial partial
      subgraph rank0["rank 0<br/>data 0 · 65.9 KB"]
        task1_rank0("1 · compute<br/>relu<br/>sum<br/>chain"):::partial
      end
      subgraph rank1["rank 1<br/>data 1 · 65.9 KB"]
        task1_rank1("1 · compute<br/>relu<br/>sum<br/>chain"):::partial
      end
      task0[\\"host · source<br/>x 64 B × 2, on each rank"/]:::host
      task2[/"host · sink<br/>total 64 B × 4, on each rank"\\]:::host
      task0 -->|"48 B × 2<br/>x f32[4,6] S(0)"| task1_rank0
      task0 -->|"48 B × 2<br/>x f32[4,6] S(0)"| task1_rank1
      task1_rank0 -->|"4 B × 4<br/>total f32[] P(sum)"| task2
      task1_rank1 -->|"4 B × 4<br/>total f32[] P(sum)"| task2
      classDef split0 fill:#cfe2fb,stroke:#2463b4,color:#222222
      classDef partial fill:#fdc98c,stroke:#b05a00,color:#222222
      classDef host fill:#ffffff,stroke:#8a8f96,color:#222222
      linkStyle 0,1 stroke:#2463b4
      linkStyle 2,3 stroke:#b05a00
      style rank0 fill:#fafbfc,stroke:#c9ced6,color:#767676
      style rank1 fill:#fafbfc,stroke:#c9ced6,color:#767676
      style key fill:#fafbfc,stroke:#c9ced6,color:#767676
    "
  `);
});

test("what means something to Mermaid is escaped", async () => {
  const text = await render(renamed(), "mermaid", { graph: "logical" });
  expect(text).toContain("a#60;b#62; #38; #34;c#34; {d|e} #92;n relu");
  expect(text.replace(JSON.stringify(`${nasty} · logical graph on cpu {data: 2, model: 2}`), "")).not.toContain(nasty);
});

test("a state is drawn as SVG and DOT alone", async () => {
  await expect(small.render("mermaid", { state: [] })).rejects.toThrow(/"mermaid".*choices: svg, dot$.*SL7000/ms);
});
