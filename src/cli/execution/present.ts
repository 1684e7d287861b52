/** How the events of an execution reach whoever runs the program. */
import type { RunEvent } from "../api/events.ts";
import type { Context } from "../context.ts";
import { problemLines } from "../report-error.ts";
import { escapeText, toJson } from "../terminal/escape.ts";
import { saveOutputs, saveResult } from "./save-outputs.ts";
import { summaryOf } from "./summary.ts";

type Result = Extract<RunEvent, { event: "result" }>;

/** `outputDir`: where files and rich results are saved; without it they are not. */
export const present = async (context: Context, event: RunEvent, outputDir?: string): Promise<void> => {
  if (context.json) await context.out.line(toJson({ id: event.id, event: event.event, ...event.data }));
  else await show(context, event);
  if (event.event === "result") await keepResult(context, event, outputDir);
  if (event.event === "finished" && outputDir !== undefined) {
    const saved = await saveOutputs(outputDir, event.data.execution.observation.outputs.files);
    for (const file of saved) await note(context, `saved ${escapeText(file)}`);
  }
};

/** The code's own output goes through as it is; everything else is a line of ours. */
const show = async (context: Context, event: RunEvent): Promise<void> => {
  const { out, err } = context;
  switch (event.event) {
    case "stdout":
      return out.write(toBytes(event.data));
    case "stderr":
      return err.write(toBytes(event.data));
    case "result": {
      const text = event.data.forms["text/plain"];
      return text === undefined ? undefined : out.note(text);
    }
    case "finished":
      for (const line of summaryOf(event.data.execution)) await note(context, line);
      return;
    case "error":
      for (const line of problemLines(event.data)) await err.note(line);
      return;
    case "started":
    case "file":
      return;
  }
};

/** What of a value is no text. */
const keepResult = async (
  context: Context,
  { id, data }: Result,
  outputDir: string | undefined,
): Promise<void> => {
  const saved = outputDir === undefined ? [] : await saveResult(outputDir, id, data.forms);
  for (const { file } of saved) await note(context, `saved ${escapeText(file)}`);
  const others = Object.keys(data.forms).filter(
    (form) => form !== "text/plain" && !saved.some((one) => one.form === form),
  );
  if (others.length > 0) {
    await note(
      context,
      `a result is there as ${others.map(escapeText).join(", ")}: see --output-dir and --json`,
    );
  }
  if (data.truncated) await note(context, "a result was cut at its bound");
};

/** With --json the events say it all. */
const note = async ({ err, json }: Context, text: string): Promise<void> => {
  if (!json) await err.note(`cloche: ${text}`);
};

const toBytes = (piece: { text: string } | { base64: string }): string | Uint8Array =>
  "text" in piece ? piece.text : Buffer.from(piece.base64, "base64");
