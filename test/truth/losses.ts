/** @file Prints the losses of a short run as JSON; started as a process of its own. */
import { train } from "./mlp.ts";

console.log(JSON.stringify(await train({ data: 2, model: 2 }, Number(process.argv[2]))));
