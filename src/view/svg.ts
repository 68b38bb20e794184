/**
 * @file DOT to SVG by Graphviz compiled to WebAssembly: no program of the system is needed, and it loads when first used.
 *
 * Graphviz measures text in Helvetica; where a machine draws with a wider font, text would leave its box. So it lays out
 * at one size and the picture draws at a smaller one, and smaller still what explains a name: the lines below the first.
 */
import { InternalError } from "../ir/errors.ts";
import { darkened, fontStack, said } from "./style.ts";

/** Lays out a graph. The same DOT gives the same SVG, byte for byte; light and dark pages have colours of their own. */
export const dotToSvg = async (dot: string): Promise<string> => themed(restyle(await layOut(dot, "svg")));

/** The same as JSON: what Graphviz calls `json`, which says where everything lies. */
export const dotToJson = async (dot: string): Promise<unknown> => JSON.parse(await layOut(dot, "json"));

async function layOut(dot: string, format: "svg" | "json"): Promise<string> {
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const graphviz = await Graphviz.load();
  try {
    return graphviz.dot(dot, format);
  } catch (cause) {
    throw new InternalError(`Graphviz refuses the graph: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** A style sheet has precedence over the attributes that Graphviz writes. */
function themed(svg: string): string {
  const rules = [...darkened].flatMap(([light, dark]) =>
    ["fill", "stroke"].flatMap((name) =>
      svg.includes(`${name}="${light}"`) ? [`[${name}="${light}"] { ${name}: ${dark} }`] : [],
    ),
  );
  return svg.replace(/<g /, `<style>@media (prefers-color-scheme: dark) { ${rules.join(" ")} }</style>\n<g `);
}

const drawn = 0.9;
const drawnBelow = 0.78;

/** Graphviz writes a group for the title and for each cluster, node and edge, with a `<text>` for each line. */
function restyle(svg: string): string {
  return svg
    .split(/(?=<g )/)
    .map((group) => {
      let line = 0;
      return group.replace(/<text ([^>]*)>/g, (_, attributes: string) => {
        const first = line++ === 0;
        const sized = attributes
          .replace(/font-family="[^"]*"/, `font-family="${fontStack}"`)
          .replace(
            /font-size="([\d.]+)"/,
            (_, size) => `font-size="${(size * (first ? drawn : drawnBelow)).toFixed(2)}"`,
          );
        return `<text ${first ? sized : `${sized.replace(/ fill="[^"]*"/, "")} fill="${said}"`}>`;
      });
    })
    .join("");
}
