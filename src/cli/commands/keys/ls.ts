import type { Key } from "../../api/types.ts";
import { toTime } from "../../terminal/table.ts";
import { defineList } from "../define-list.ts";

export const keysLs = defineList<Key>({
  name: "ls",
  summary: "List API keys, without their secrets",
  path: "/v1/keys",
  columns: [
    { head: "KEY", cell: ({ id }) => id },
    { head: "TENANT", cell: ({ tenant }) => tenant },
    { head: "ROLE", cell: ({ role }) => role },
    { head: "CREATED", cell: ({ createdAt }) => toTime(createdAt) },
    { head: "REVOKED", cell: ({ revokedAt }) => toTime(revokedAt) },
    { head: "NAME", cell: ({ name }) => name },
  ],
});
