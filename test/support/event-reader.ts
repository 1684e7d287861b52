/** Reads server-sent events as a client does, with the library's parser and not the service's own code. */
import { EventSourceParserStream } from "eventsource-parser/stream";

export interface ReadEvent {
  id: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  data: any;
  /** When it arrived, `performance.now()`. */
  at: number;
}

export async function* eventsOf(response: Response): AsyncGenerator<ReadEvent> {
  if (!response.body) throw new Error("no body");
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { id, event, data } of events) {
    yield { id: Number(id), type: event ?? "", data: JSON.parse(data), at: performance.now() };
  }
}

export const allEvents = async (response: Response): Promise<ReadEvent[]> => {
  const events: ReadEvent[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
};
