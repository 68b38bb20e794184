/** @file Names of what is there once a micro-batch: `fc1.matmul[2]`. */

export const partOf = (name: string, microBatch: number): string => `${name}[${microBatch}]`;

/** The name of what it is a part of. */
export const wholeOf = (name: string): string => name.slice(0, name.lastIndexOf("["));
