/** @file Error codes of placements, inputs and layouts. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL1000"
  | "SL1001"
  | "SL1002"
  | "SL1003"
  | "SL1004"
  | "SL1005"
  | "SL1006"
  | "SL1007"
  | "SL1020"
  | "SL1021"
  | "SL1022"
  | "SL1023"
  | "SL1024"
  | "SL1025"
  | "SL1141";

export const placementCodes: Readonly<Record<Code, Entry>> = {
  SL1000: {
    error: "ShapeError",
    title: "Unknown dtype",
    meaning: "An input or a cast names an element type that Sluice does not have.",
    causes: ["A short name of another framework: `f32`, `long`.", "A type that there are no kernels for."],
    remedy: "Take one of the dtypes that the message lists.",
    program: ['mesh.input([8, 6], "float8");', 'mesh.input([8, 6], "float32");'],
  },
  SL1001: {
    error: "ShapeError",
    title: "Not a dim",
    meaning:
      "A shape holds something that is neither a whole number from 0 on nor a name, or takes more bytes than can be counted.",
    causes: ["A quotient that does not come out even.", "An empty string, or `undefined` from a missing setting."],
    remedy: 'Give a whole number, or a name such as `"batch"` that `compile` binds to one.',
    program: ['mesh.input([8, 13 / 2], "float32");', 'mesh.input([8, 6], "float32");'],
  },
  SL1002: {
    error: "PlacementError",
    title: "Unknown device",
    meaning: "The placement names a device type that there are no executors for.",
    causes: ["A device of another framework.", "A misspelt name."],
    remedy: "Take one of the devices that the message lists.",
    program: ['placement("tpu", { data: 2 });', 'placement("cpu", { data: 2 });'],
  },
  SL1003: {
    error: "PlacementError",
    title: "Mesh axes that cannot be",
    meaning:
      "The axes are no object of sizes, or there are none, or one has a name that is not made of letters, digits and _.",
    causes: [
      "A number of devices instead of named axes.",
      "An axis named by a number, which JavaScript would reorder.",
    ],
    remedy: "Give an object with a name and a size for each axis. A single rank is `{ data: 1 }`.",
    program: ['placement("cpu", {});', 'placement("cpu", { data: 1 });'],
  },
  SL1004: {
    error: "PlacementError",
    title: "Size of a mesh axis",
    meaning: "An axis has a size that is no whole number from 1 on, or the mesh has more than 65,536 ranks.",
    causes: ["A number of machines that is divided and does not come out even.", "A size read from a setting as text."],
    remedy: "Give whole numbers. Their product is the number of ranks.",
    program: ['placement("cpu", { data: 3 / 2 });', 'placement("cpu", { data: 2 });'],
  },
  SL1005: {
    error: "PlacementError",
    title: "Ranks that do not fit the mesh",
    meaning:
      "The list of ranks has another length than the mesh has places, or holds a rank twice, or something that is no rank.",
    causes: [
      "The mesh was made larger and the list was not.",
      "Counting ranks from 1 in one place and from 0 in another.",
    ],
    remedy:
      "Give as many different whole numbers as the product of the axes, the last axis varying fastest. Without a list the ranks are 0, 1, ….",
    program: [
      'placement("cpu", { data: 2 }, { ranks: [4, 5, 6] });',
      'placement("cpu", { data: 2 }, { ranks: [4, 5] });',
    ],
  },
  SL1006: {
    error: "PlacementError",
    title: "A slice along an axis that is not there",
    meaning: "`placement.slice` names an axis that the mesh does not have.",
    causes: ["A misspelt name.", "An axis that an earlier slice has taken away."],
    remedy: "Name an axis of the mesh. The message lists them.",
    program: ["mesh.slice({ dta: 0 });", "mesh.slice({ data: 0 });"],
  },
  SL1007: {
    error: "PlacementError",
    title: "A slice beyond the axis",
    meaning: "`placement.slice` gives an index that the axis does not have. They count from 0.",
    causes: ["The size of the axis taken for its last index."],
    remedy: "Give an index from 0 to the axis's size − 1.",
    program: ["mesh.slice({ data: 2 });", "mesh.slice({ data: 1 });"],
  },
  SL1020: {
    error: "LayoutError",
    title: "An axis named twice in a layout",
    meaning: "A layout says for each mesh axis how the tensor lies along it, and one axis is named twice.",
    causes: ["The same axis copied, where another one was meant."],
    remedy: "Give each axis one SBP. A dim may be split over several axes; an axis splits one dim.",
    program: ['layout(mesh, [["data", S(0)], ["data", S(1)]]);', 'layout(mesh, [["data", S(0)], ["model", S(1)]]);'],
  },
  SL1021: {
    error: "LayoutError",
    title: "A layout on an axis that is not there",
    meaning: "The layout names an axis that the tensor's mesh does not have.",
    causes: ["A misspelt name.", "A layout written for another mesh."],
    remedy: "Name the axes of the mesh that the tensor lives on. The message lists them.",
    program: ['mesh.input([8, 6], "float32", { modle: S(0) });', 'mesh.input([8, 6], "float32", { model: S(0) });'],
  },
  SL1022: {
    error: "LayoutError",
    title: "Not a layout",
    meaning:
      "A layout is an object with an SBP for each axis: `S(dim)` split, `B` replicated, `P(reduction)` partial. This is no object, or the text is no SBP.",
    causes: ["The SBP given without its axis: `S(0)` for `{ data: S(0) }`.", "An SBP typed by hand: `S0`, `split`."],
    remedy: "Write `{ axis: S(0) }` with the functions `S`, `B` and `P`.",
    program: ['mesh.input([8, 6], "float32", { data: "S0" });', 'mesh.input([8, 6], "float32", { data: S(0) });'],
  },
  SL1023: {
    error: "LayoutError",
    title: "A split of a dim that is not there",
    meaning: "`S(dim)` names a dim that the tensor does not have. Dims count from 0.",
    causes: ["Counting dims from 1.", "A layout of a matrix given to a vector, such as a bias."],
    remedy: "Take one of the SBPs that the message lists.",
    program: ['mesh.input([8, 6], "float32", { data: S(2) });', 'mesh.input([8, 6], "float32", { data: S(1) });'],
  },
  SL1024: {
    error: "LayoutError",
    title: "A partial layout of an unknown reduction",
    meaning: "`P(…)` names a reduction that Sluice does not have.",
    causes: ["`mean`, which is no reduction of what ranks hold: divide the sum instead."],
    remedy: "Take one of the reductions that the message lists.",
    program: [
      'mesh.input([8, 6], "float32", { data: "P(mean)" });',
      'mesh.input([8, 6], "float32", { data: P("sum") });',
    ],
  },
  SL1025: {
    error: "LayoutError",
    title: "A split by hand that does not fit",
    meaning:
      "A partition such as `S(0:3,5)` gives each rank of the axis a number of elements. These do not add up to the dim's extent, or are not one for each rank.",
    causes: [
      "The batch was made larger and the sizes were not.",
      "A dim with a name, bound to another number than the sizes were written for.",
      "Sizes for a mesh of another size.",
    ],
    remedy: "Make the sizes add up to the extent, one a rank, or let Sluice split evenly: `S(0)`.",
    program: [
      'mesh.input([8, 6], "float32", { data: "S(0:3,4)" });',
      'mesh.input([8, 6], "float32", { data: "S(0:3,5)" });',
    ],
  },
  SL1141: {
    error: "PlacementError",
    title: "A placement that is none",
    meaning: "A graph and `.to(…)` take a placement, and were given another thing.",
    causes: ["The name of a device.", "A layout without the placement before it."],
    remedy: "Give what `placement(…)` returned, or a slice of it.",
    inGraph: ["x.to({ data: S(0) })", "x.to(mesh, { data: S(0) })"],
  },
};
