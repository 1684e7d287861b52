/** How long the program waits, for what. */
export interface Times {
  /** A pause before another try. */
  pause(milliseconds: number): Promise<void>;
  /** A stream that is silent for this long is broken: three heartbeats. */
  silenceMs: number;
  /** How long the service may take to end a run that is to stop. */
  graceMs: number;
}
