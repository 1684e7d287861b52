/** One JSON line for each event, on stderr, without secrets. */
import { type Logger, pino } from "pino";

export const createLogger = (level: string): Logger =>
  pino(
    {
      level,
      redact: { paths: ["*.authorization", "*.apiKey", "authorization", "apiKey"], censor: "[redacted]" },
    },
    pino.destination({ dest: 2, sync: true }),
  );
