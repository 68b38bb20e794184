/** @file A module that waits at its top. Only threads load it. */
await Promise.resolve();
export const nothing = 1;
