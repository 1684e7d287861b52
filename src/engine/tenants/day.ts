/** Days as tenants are charged for them: of UTC, for example "2026-11-23". */
const DAY_MS = 86_400_000;

export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

/** At least 1. */
export const secondsLeftOfDay = (nowMs: number): number => Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1000);
