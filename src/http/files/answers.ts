/** Answers that are made by hand; their shapes are the descriptions', which can't say that of streams. */
import { toSafeJson } from "./entry-json.ts";

export const answerJson = (value: unknown, status: 200 | 201): never =>
  typed(new Response(toSafeJson(value), { status, headers: { "content-type": "application/json" } }));

export const answerBytes = (body: ReadableStream | null, headers: Record<string, string>): never =>
  typed(new Response(body, { headers }));

const typed = (response: Response) => response as never;
