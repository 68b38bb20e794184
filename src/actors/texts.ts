/** @file The texts of a session's programs in memory, each once. */
import { hostText } from "../kernels/host.ts";
import type { Arena } from "./arena.ts";

/** Byte offset of a text. */
export type Text = (text: string) => number;

export function createTexts(arena: Arena): Text {
  const known = new Map<string, number>();
  return (text) => {
    const there = known.get(text);
    if (there !== undefined) return there;
    const bytes = hostText(text);
    const at = arena.take(bytes.length, "the programs");
    new Uint8Array(arena.memory.buffer, at, bytes.length).set(bytes);
    known.set(text, at);
    return at;
  };
}
