/** Reads the stream of JSON lines with which the engine answers builds and pulls. */
import { createInterface } from "node:readline";
import { z } from "zod";

const eventSchema = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
});

/** Calls back for each piece of text. Throws with the engine's message when an event carries an error. */
export async function readBuildEvents(
  events: NodeJS.ReadableStream,
  onText: (text: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: events })) {
    if (line.trim() === "") continue;
    const event = eventSchema.parse(JSON.parse(line));
    if (event.error !== undefined) throw new Error(event.error);
    onText(event.stream ?? event.status ?? "");
  }
}
