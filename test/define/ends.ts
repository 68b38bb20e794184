/** @file A module that ends the thread that loads it. Only threads load it. */
process.exit(3);
