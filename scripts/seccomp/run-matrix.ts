/** Runs the exercises of the functional matrix under a tier. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { z } from "zod";
import type { Image } from "../../src/domain/image.ts";
import { exitOf, inSandbox, type Under } from "./sandbox.ts";

const exercisedSchema = z.array(
  z.strictObject({
    module: z.string(),
    /** It was used, not only imported. */
    used: z.boolean(),
    /** The name of the exception that it ended with. */
    error: z.string().nullable(),
  }),
);
export type Exercised = z.infer<typeof exercisedSchema>;

const exercises = readFileSync(join(import.meta.dirname, "matrix", "exercises.py"), "utf8");

/** Throws where the exercises as a whole did not come to their end. */
export const runMatrix = async (docker: Docker, image: Image, under: Under): Promise<Exercised> => {
  const report = await inSandbox({ docker, image, under }, ({ run }) => run(exercises));
  const how = exitOf(report);
  if (how !== 0) throw new Error(`the exercises ended with ${how} under ${under}: ${report.stderr}`);
  return exercisedSchema.parse(JSON.parse(report.stdout.toString()));
};
