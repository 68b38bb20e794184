/**
 * @file The GPT of benches and tests, in any size: blocks with the norm first, attention and an MLP four times as wide, each
 * beside a path around it; then the whole network, from tokens to logits.
 */
import { nn, type Tensor } from "sluice";

export interface GptSizes {
  /** Sequences of a batch. */
  readonly rows: number | "batch";
  /** Tokens of a sequence. */
  readonly context: number;
  readonly width: number;
  readonly heads: number;
}

type Rows = GptSizes["rows"];
type Hidden = Tensor<[Rows, number, number], "float32">;

export const gptBlock = ({ rows, context, width, heads }: GptSizes) =>
  nn.define(
    {
      norm1: nn.layerNorm(width),
      q: nn.linear(width, width),
      k: nn.linear(width, width),
      v: nn.linear(width, width),
      out: nn.linear(width, width),
      norm2: nn.layerNorm(width),
      up: nn.linear(width, 4 * width),
      down: nn.linear(4 * width, width),
    },
    (m) =>
      (x: Hidden): Hidden => {
        const h = m.norm1(x);
        const split = (t: Hidden) => t.reshape([rows, context, heads, width / heads]).permute([0, 2, 1, 3]);
        const mixed = nn.attention(split(m.q(h)), split(m.k(h)), split(m.v(h)), { causal: true });
        const y = x.add(m.out(mixed.permute([0, 2, 1, 3]).reshape([rows, context, width])));
        return y.add(m.down(m.up(m.norm2(y)).gelu()));
      },
  );

/**
 * Learned places beside the tokens, then `layers` blocks, named `block0` and so on, a norm and the head.
 *
 * @param enter what is done with what goes into a block, such as moving it to another mesh
 */
export function gptNetwork(
  sizes: GptSizes & { readonly vocabulary: number; readonly layers: number },
  enter: (h: Hidden, layer: number) => Hidden = (h) => h,
) {
  const { context, width, vocabulary, layers } = sizes;
  const blocks = Array.from({ length: layers }, () => gptBlock(sizes));
  return nn.define(
    {
      tokens: nn.embedding(vocabulary, width),
      places: nn.embedding(context, width),
      ...Object.fromEntries(blocks.map((one, i) => [`block${i}`, one])),
      norm: nn.layerNorm(width),
      head: nn.linear(width, vocabulary),
    },
    (m) => (ids: Tensor<[Rows, number], "int32">, places: Tensor<[number], "int32">) => {
      const body = m as typeof m & Record<string, (x: Hidden) => Hidden>;
      const start: Hidden = m.tokens(ids).add(m.places(places));
      return m.head(m.norm(blocks.reduce((h, _, i) => body[`block${i}`]!(enter(h, i)), start)));
    },
  );
}
