import type { Policy } from "../api/types.ts";
import { shortDigest } from "../terminal/table.ts";
import { defineList } from "./define-list.ts";

export const policies = defineList<Policy>({
  name: "policies",
  summary: "List policies: under what limits code runs",
  path: "/v1/policies",
  columns: [
    { head: "POLICY", cell: ({ name }) => name },
    { head: "TIER", cell: ({ isolation }) => isolation.tier },
    { head: "RUNTIME", cell: ({ isolation }) => isolation.runtime },
    { head: "CALLS", cell: ({ syscalls }) => syscalls.tier },
    { head: "WALL MS", cell: ({ limits }) => limits.wallMs, right: true },
    { head: "MEMORY MIB", cell: ({ limits }) => limits.memoryMiB, right: true },
    { head: "NETWORK", cell: ({ network }) => (network === "none" ? network : "broker") },
    { head: "IMAGES", cell: (policy) => policy.images.join(", ") },
    { head: "DIGEST", cell: ({ digest }) => shortDigest(digest) },
    { head: "DESCRIPTION", cell: ({ description }) => description },
  ],
});
