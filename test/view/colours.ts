/** @file How far colours are apart, for people who see all of them and for those who do not tell red from green. */

/** Linear red, green and blue of `#rrggbb`. */
const linear = (hex: string): number[] =>
  [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });

const luminance = (hex: string): number => {
  const [r, g, b] = linear(hex) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** As WCAG 2 has it: 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

type Matrix = readonly (readonly number[])[];
const times = (matrix: Matrix, v: readonly number[]) => matrix.map((row) => row.reduce((s, m, i) => s + m * v[i]!, 0));

/** What is seen by most people, and by those with no red or no green cones (Viénot, Brettel and Mollon, 1999). */
const eyes: readonly Matrix[] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
];

/** Oklab's coordinates in hundredths (Ottosson, 2020). */
function oklab(rgb: readonly number[]): number[] {
  const lms = times(
    [
      [0.4122, 0.5363, 0.0514],
      [0.2119, 0.6807, 0.1074],
      [0.0883, 0.2817, 0.63],
    ],
    rgb,
  );
  const roots = lms.map(Math.cbrt);
  return times(
    [
      [21.05, 79.36, -0.41],
      [197.8, -242.86, 45.06],
      [2.59, 78.28, -80.87],
    ],
    roots,
  );
}

/** The least distance of two colours for any of these eyes: 2 is just seen. */
export const distance = (a: string, b: string): number =>
  Math.min(
    ...eyes.map((eye) => {
      const [from, to] = [a, b].map((hex) => oklab(times(eye, linear(hex)))) as [number[], number[]];
      return Math.hypot(...from.map((c, i) => c - to[i]!));
    }),
  );
