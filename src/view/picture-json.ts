/** @file A picture as JSON: its data, under a name and a version, one node, edge or frame a line. */
import type { Picture } from "./picture.ts";

export function pictureJson(picture: Picture): string {
  const whole = { format: "sluice-picture", version: 1, ...picture };
  const fields = Object.entries(whole).map(([name, value]) => {
    const lines = Array.isArray(value) ? value.map((item) => `    ${JSON.stringify(item)}`) : [];
    return `  "${name}": ${lines.length ? `[\n${lines.join(",\n")}\n  ]` : JSON.stringify(value)}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}
