/** @file Times and rates as people read them, from nanoseconds to days. */
import { count, seconds } from "../view/format.ts";

const three = (n: number) => (n < 99.95 ? n.toPrecision(3) : count(Math.round(n)));

/** The largest unit of which there are two or more. */
const long = [
  ["days", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** `3.20 ms`, `45.0 s`, `19.9 days` */
export function time(t: number): string {
  const unit = long.find(([, length]) => t >= 2 * length);
  return unit ? `${three(t / unit[1])} ${unit[0]}` : seconds(t);
}

/** `663,482 rows/s`, `1.20 rows/h` */
export function rate(perSecond: number, unit: string): string {
  const [name, length] = (
    [
      ["s", 1],
      ["h", 3600],
    ] as const
  ).find(([, length]) => perSecond * length >= 0.1) ?? ["day", 86_400];
  return `${three(perSecond * length)} ${unit}/${name}`;
}

/** `50.0 GFLOP/s` */
export function flops(perSecond: number): string {
  const units = ["", "K", "M", "G", "T", "P"];
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(perSecond * 1.0005) / 3)));
  return `${three(perSecond / 1000 ** power)} ${units[power]}FLOP/s`;
}
