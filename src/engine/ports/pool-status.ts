export const poolStates = ["filling", "steady", "backing_off", "stopped", "closed"] as const;
export type PoolState = (typeof poolStates)[number];

export interface PoolStatus {
  image: string;
  policy: string;
  state: PoolState;
  warm: number;
  creating: number;
  waiting: number;
  target: number;
  /** Why the last create failed, while none has succeeded since. */
  reason?: string | undefined;
}
