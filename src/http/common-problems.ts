/** The problems that every route of a kind can answer with. */
export const reading = [
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "store_unavailable",
  "internal",
] as const;
export const changing = [...reading, "rate_limited", "audit_unavailable"] as const;
