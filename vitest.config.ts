import { defineConfig } from "vitest/config";
import { ClosingLineReporter } from "./scripts/closing-line-reporter.ts";

/** Both share one Docker Engine and two cores: their files run one after the other, each with time to spare. */
const onRealEngine = { fileParallelism: false, maxWorkers: 1, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: false,
    reporters: ["default", new ClosingLineReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/architecture.test.ts"],
          testTimeout: 5000,
          retry: 0,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          retry: 0,
          sequence: { groupOrder: 1 },
          ...onRealEngine,
        },
      },
      {
        test: {
          name: "security",
          include: ["test/security/**/*.test.ts"],
          retry: 0,
          sequence: { groupOrder: 2 },
          ...onRealEngine,
        },
      },
    ],
  },
});
