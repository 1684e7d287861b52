/** Lists of executions, from columns alone: what they wrote is never read for it. */
import { z } from "zod";
import { type ExecutionSummary, executionHeadSchema } from "../domain/execution.ts";
import type { ExecutionQuery } from "../engine/ports/stores.ts";
import type { Listing } from "./pages.ts";

export const executionSource = {
  table: "executions",
  columns: "id, created_at, tenant, result, exit_code, wall_ms, head",
};

export const executionRowSchema = z.object({
  id: z.string(),
  created_at: z.number(),
  tenant: z.string(),
  result: z.string().nullable(),
  exit_code: z.number().nullable(),
  wall_ms: z.number().nullable(),
  head: z.string(),
});
type ExecutionRow = z.infer<typeof executionRowSchema>;

/** Ids of those that run; of what has not ended, the others are queued. */
export type Running = ReadonlySet<string>;

const toStatus = ({ id, result }: ExecutionRow, running: Running): ExecutionSummary["status"] => {
  if (result === null) return running.has(id) ? "running" : "queued";
  return result === "failed" ? "failed" : "finished";
};

export const toSummary = (row: ExecutionRow, running: Running): ExecutionSummary => {
  const status = toStatus(row, running);
  return {
    ...executionHeadSchema.parse(JSON.parse(row.head)),
    tenant: row.tenant,
    status,
    outcome: status === "finished" ? row.result : null,
    exitCode: row.exit_code,
    wallMs: row.wall_ms,
  };
};

/** undefined where nothing can match: only what is finished has an outcome. */
export const toExecutionListing = (
  visibleTo: string | undefined,
  { status, outcome, sessionId }: ExecutionQuery,
  running: Running,
): Listing | undefined => {
  if (outcome !== undefined && status !== undefined && status !== "finished") return undefined;
  const result = outcome ?? (status === "failed" ? status : undefined);
  const and = result === undefined ? toCondition(status, running) : undefined;
  const where = {
    ...(visibleTo !== undefined && { tenant: visibleTo }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(result !== undefined && { result }),
  };
  return { where, ...(and && { and }), index: toIndex(where, status) };
};

const toCondition = (status: ExecutionQuery["status"], running: Running): Listing["and"] => {
  if (status === undefined) return undefined;
  if (status === "finished") return { sql: "result <> 'failed'", values: {} };
  const among = status === "running" ? "IN" : "NOT IN";
  return {
    sql: `result IS NULL AND id ${among} (SELECT value FROM json_each($running))`,
    values: { running: JSON.stringify([...running]) },
  };
};

interface Where {
  tenant?: string;
  session_id?: string;
  result?: string;
}

const toIndex = ({ tenant, session_id, result }: Where, status: ExecutionQuery["status"]): string => {
  // A session has one tenant and not that many executions.
  if (session_id !== undefined) return "executions_by_session";
  if (result !== undefined)
    return tenant === undefined ? "executions_by_result" : "executions_by_tenant_result";
  // Of all tenants together no more than the queue holds have none.
  if (status === "queued" || status === "running") return "executions_by_result";
  // Nearly all are finished: next to none is passed over.
  return tenant === undefined ? "executions_by_age" : "executions_by_tenant";
};
