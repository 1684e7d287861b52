/** The problems that every route of a kind can answer with. */
export const reading = ["invalid_request", "unauthenticated", "store_unavailable", "internal"] as const;
export const changing = [...reading, "forbidden", "rate_limited"] as const;
