/** npm run cloche -- COMMAND: the command-line program, on the Node that the project brings. */
await import("../../src/cli/main.ts");
