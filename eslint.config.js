/** @file ESLint for the one rule Biome lacks: it needs types to see a lost promise, and a lost promise is a lost actor. */
import tseslint from "typescript-eslint";

export default [
  { ignores: ["dist/", "out/", "coverage/", "node_modules/"] },
  {
    files: ["src/**/*.ts", "examples/**/*.ts", "tools/**/*.ts", "bench/**/*.ts"],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: { "@typescript-eslint/no-floating-promises": "error" },
  },
];
