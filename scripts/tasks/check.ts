import { runGates, staticGates } from "../gates.ts";

const unitTests = { name: "unit", command: "vitest", args: ["run", "--project", "unit"] };
const { failed } = await runGates([...staticGates, unitTests]);
process.exitCode = failed === 0 ? 0 : 1;
