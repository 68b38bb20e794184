/** @file Error codes of SBP arithmetic, of the compiler's choices, and of plans as files. */
import type { Entry } from "./entry.ts";

const unsafe = {
  error: "PlanError",
  causes: ["A plan file that was changed by hand, its hash included.", "A mistake of ours, if `compile` throws it."],
  remedy: "Compile the graph again. If `compile` itself throws it, please report it with the program.",
  unmet: "`compile` proves its plans, and a changed plan is refused before, by SL3033.",
} as const;

type Code =
  | "SL2000"
  | "SL2001"
  | "SL2002"
  | "SL2003"
  | "SL2004"
  | "SL3001"
  | "SL3003"
  | "SL3004"
  | "SL3010"
  | "SL3011"
  | "SL3020"
  | "SL3021"
  | "SL3022"
  | "SL3023"
  | "SL3024"
  | "SL3030"
  | "SL3031"
  | "SL3032"
  | "SL3033"
  | "SL3040"
  | "SL3041"
  | "SL3042";

export const compilerCodes: Readonly<Record<Code, Entry>> = {
  SL2000: {
    error: "PlacementError",
    title: "A mesh axis that is not there",
    meaning: "Arithmetic on a mesh was asked about an axis that it does not have.",
    causes: ["A layout made by hand for another mesh."],
    remedy: "Name an axis of the mesh. The message lists them.",
    unmet: "Layouts of users are refused before, by SL1021.",
  },
  SL2001: {
    error: "PlacementError",
    title: "A rank outside the placement",
    meaning: "Arithmetic on a mesh was asked about a rank that is not one of its own.",
    causes: ["A plan written by hand or by another tool."],
    remedy: "Ask for one of the ranks that the message lists.",
    unmet: "Sluice asks only for ranks of the placement.",
  },
  SL2002: {
    error: "LayoutError",
    title: "An unknown reduction",
    meaning: "A partial layout names a reduction that Sluice does not have.",
    causes: ["A rule of one's own with a reduction such as `P(mean)`."],
    remedy: "Take one of the reductions that the message lists.",
    unmet: "Layouts of users are refused before, by SL1024.",
  },
  SL2003: {
    error: "LayoutError",
    title: "A split that does not fit the shape",
    meaning:
      "A partition by hand gives each rank a number of elements, and these do not add up to the dim's extent, or are not one for each rank.",
    causes: ["A plan with splits by hand, made by another tool."],
    remedy: "Make the sizes add up to the extent, one a rank, or split evenly: `S(0)`.",
    unmet: "Layouts of users are refused before, by SL1025.",
  },
  SL2004: {
    error: "LayoutError",
    title: "A partial layout of a dtype that cannot be reduced so",
    meaning: "`P(reduction)` holds parts that are still to be reduced, and the reduction is not defined on this dtype.",
    causes: ["A mask or a truth value asked for as partial."],
    remedy: "Cast the tensor first, or split or replicate it.",
    inGraph: ["mask.to(mesh, { data: P() })", 'mask.cast("float32").to(mesh, { data: P() })'],
  },
  SL3001: {
    error: "LayoutError",
    title: "A layout for a parameter that is not there",
    meaning:
      "A name or a pattern of `sharding` matches no parameter of the graph. It would have no effect, so it is refused.",
    causes: ["A misspelt name.", "A layer that was renamed or taken out."],
    remedy: "Take a name of those that the message lists, or take the pattern out.",
    program: [
      'compile(training, { sharding: { "fc.wieght": { data: S(0) } } });',
      'compile(training, { sharding: { "fc.weight": { data: S(0) } } });',
    ],
  },
  SL3003: {
    error: "LayoutError",
    title: "A layout that a state cannot keep",
    meaning:
      "A state is written where it is read, so the op that updates it must be able to give it in the layout that it was given, and it is not.",
    causes: ["A parameter asked for as partial, whose update is not a sum of the parts."],
    remedy: "Give the state one of the layouts that the message lists.",
    program: [
      'compile(training, { sharding: { "fc.weight": { data: P() } } });',
      'compile(training, { sharding: { "fc.weight": { data: S(0) } } });',
    ],
  },
  SL3004: {
    error: "LayoutError",
    title: "A layout that others come before",
    meaning:
      "A pattern of `sharding` or `rules` matches parameters, but for each of them an earlier one counts. It would have no effect, so it is refused.",
    causes: [
      "A pattern that means many names stands before one that means few.",
      "A rule that was replaced and left in.",
    ],
    remedy:
      "The first that matches counts, and `sharding` comes before `rules`. Put what means few before what means many, or take the pattern out.",
    program: [
      'compile(training, { sharding: { "fc.*": { data: S(0) }, "fc.weight": { data: S(1) } } });',
      'compile(training, { sharding: { "fc.weight": { data: S(1) }, "fc.*": { data: S(0) } } });',
    ],
  },
  SL3010: {
    error: "GraphError",
    title: "A graph without outputs",
    meaning: "What no output depends on is left out, so of this graph nothing would be left.",
    causes: ["`return` forgotten in the function given to `graph`."],
    remedy: "Return at least one tensor: `return { loss }`.",
    program: [
      `const inputs = { x: mesh.input([8], "float32") };
compile(graph(mesh, { name: "example", inputs }, ({ x }) => ({})));`,
      `const inputs = { x: mesh.input([8], "float32") };
compile(graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() })));`,
    ],
  },
  SL3011: {
    error: "GraphError",
    title: "An output that is no result",
    meaning:
      "An output is an input, a parameter or a state of the graph as it is. Inputs you have already, and the others are read from the session.",
    causes: ["An input passed through for convenience."],
    remedy:
      "Return what is computed from it; read parameters with `session.parameters`, states of your own with `session.states`.",
    inGraph: ["x", "x.exp()"],
  },
  SL3020: {
    ...unsafe,
    title: "A plan that would deadlock",
    meaning: "A task of the plan waits for something that cannot come before it has run.",
  },
  SL3021: {
    ...unsafe,
    title: "Two buffers in one place",
    meaning: "Two buffers of the plan overlap in the memory of a rank.",
  },
  SL3022: {
    ...unsafe,
    title: "Buffers beyond the memory",
    meaning: "Buffers of the plan end behind the memory that it says a rank has.",
  },
  SL3023: {
    ...unsafe,
    title: "Collectives in another order on one rank",
    meaning:
      "All members of a communicator must start its collectives in the order of their sequence numbers, and a rank of the plan starts two of them the other way round: each would wait for its peers in another one.",
  },
  SL3024: {
    ...unsafe,
    title: "Memory that changes while others use it",
    meaning:
      "A task of the plan changes in place what another has made, and nothing keeps a third from meeting it half changed.",
  },
  SL3030: {
    error: "PlanError",
    title: "Not a plan",
    meaning: "What was read is no JSON, or JSON of something else.",
    causes: ["Another file.", "A file that was cut off while it was written."],
    remedy: "Compile the graph again and write the plan with `JSON.stringify(plan)`.",
    program: ['Plan.fromJSON(\'{"name": "my-package"}\');', "Plan.fromJSON(JSON.stringify(plan));"],
  },
  SL3031: {
    error: "PlanError",
    title: "A plan of another version",
    meaning: "The form of plans changes between versions of Sluice, and this one was written by another version.",
    causes: ["A plan kept while the package was updated."],
    remedy: "Compile the graph again with this version.",
    program: ["Plan.fromJSON({ ...plan.toJSON(), version: 0 });", "Plan.fromJSON(plan.toJSON());"],
  },
  SL3032: {
    error: "PlanError",
    title: "A malformed plan",
    meaning: "It says that it is a plan, but a part of it is missing or of another form.",
    causes: ["A plan changed by hand or by another tool."],
    remedy: "Compile the graph again.",
    program: ["Plan.fromJSON({ ...plan.toJSON(), tasks: undefined });", "Plan.fromJSON(plan.toJSON());"],
  },
  SL3033: {
    error: "PlanError",
    title: "A plan that was changed",
    meaning: "A plan carries a hash of its content, and the two do not agree.",
    causes: ["A plan edited by hand.", "A file damaged on its way."],
    remedy: "Compile the graph again, with the options that you wanted to change.",
    program: ['Plan.fromJSON({ ...plan.toJSON(), name: "renamed" });', "Plan.fromJSON(plan.toJSON());"],
  },
  SL3040: {
    error: "LayoutError",
    title: "No layouts that fit the memory",
    meaning:
      "However the tensors are laid out, a rank needs more memory than it may use: the option `memory`, or by default its part of what the device has.",
    causes: [
      "A batch that is too large.",
      "Large tensors that were given a layout which keeps them whole.",
      "Too few ranks.",
    ],
    remedy:
      "Use more ranks, a smaller batch, or fewer slots; leave the layouts of the tensors that the message names open, or split them. If the machine has more memory, raise `memory`.",
    program: ["compile(training, { memory: 64 });", "compile(training, { memory: 1e9 });"],
  },
  SL3041: {
    error: "OptionError",
    title: "An unknown way to box",
    meaning: "The option `boxing` of `compile` says whether tensors are boxed where ops do not take them as they lie.",
    causes: ["A misspelt option."],
    remedy: 'Give `"auto"` or `"explicit"`, or leave it out.',
    program: ['compile(training, { boxing: "always" });', 'compile(training, { boxing: "auto" });'],
  },
  SL3042: {
    error: "LayoutError",
    title: "An implicit boxing in explicit mode",
    meaning:
      'With `boxing: "explicit"` a tensor changes its layout only where the program says so, and here an op does not take it as it lies.',
    causes: ["An input or a parameter whose layout does not fit the op that reads it.", "A forgotten `.to(mesh, …)`."],
    remedy:
      "Add one of the boxings that the message lists, give the tensor another layout where it comes from, or compile without explicit mode.",
    program: [
      `const inputs = { x: mesh.input([8, 4], "float32", { data: S(0) }), y: mesh.input([8, 4], "float32", { data: S(1) }) };
const sum = graph(mesh, { name: "example", inputs }, ({ x, y }) => ({ sum: x.add(y) }));
compile(sum, { boxing: "explicit" });`,
      `const inputs = { x: mesh.input([8, 4], "float32", { data: S(0) }), y: mesh.input([8, 4], "float32", { data: S(1) }) };
const sum = graph(mesh, { name: "example", inputs }, ({ x, y }) => ({ sum: x.add(y.to(mesh, { data: S(0) })) }));
compile(sum, { boxing: "explicit" });`,
    ],
  },
};
