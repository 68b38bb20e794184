/** @file What the tests of pictures share. */

/** The tags of an XML text; throws where they do not nest or an entity is none of XML's. */
export function tags(xml: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const body = xml.replace(/<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>/gs, "");
  for (const [, close, name, rest] of body.matchAll(/<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*\s*\/?)>/g)) {
    if (close) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      names.push(name!);
      if (!rest!.endsWith("/")) open.push(name!);
    }
  }
  if (open.length) throw new Error(`<${open.at(-1)}> is not closed`);
  const text = body.replace(/<\/?[a-zA-Z][\w:-]*(?:\s+[\w:-]+="[^"<]*")*\s*\/?>/g, "");
  if (/[<]|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/.test(text))
    throw new Error(`stray markup in ${text.trim().slice(0, 80)}`);
  return names;
}

/** What an SVG's texts say. */
export const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, content]) =>
    content!
      .replace(/&#160;/g, " ")
      .replace(/&#45;/g, "-")
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&quot;/g, '"')
      .replace(/&amp;/g, "&"),
  );

export const nodeCount = (svg: string): number => svg.match(/class="node"/g)?.length ?? 0;
export const clusterCount = (svg: string): number => svg.match(/class="cluster"/g)?.length ?? 0;
