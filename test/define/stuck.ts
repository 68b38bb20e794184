/** @file A module that never ends loading. Only threads load it. */
for (;;);
