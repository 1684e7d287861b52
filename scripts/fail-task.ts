/** The end of a task that cannot go on: its reason on one line, the chain of causes below, and no stack of ours. */
export function failTask(error: unknown): void {
  console.error(`cloche: ${messagesOf(error).join("\n  caused by: ")}`);
  process.exitCode = 1;
}

function messagesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : messagesOf(error.cause))];
}
