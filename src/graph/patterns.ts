/** @file Names by pattern: a string, in which `*` stands for anything, or a regular expression. */

/** Does the pattern mean this name? */
export function matcher(pattern: string | RegExp): (name: string) => boolean {
  if (typeof pattern !== "string") return (name) => name.search(pattern) >= 0;
  if (!pattern.includes("*")) return (name) => name === pattern;
  const escaped = pattern.split("*").map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join(".*")}$`);
  return (name) => expression.test(name);
}

/** Is a pattern written as for a shell, with more wildcards than there are? */
export const isGlob = (pattern: string | RegExp): boolean => typeof pattern === "string" && /[?{[]/.test(pattern);
