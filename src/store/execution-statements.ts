/** The SQL of executions, prepared once. */
import { z } from "zod";
import type { Database } from "./database.ts";

const VISIBLE = "id = $id AND ($visibleTo IS NULL OR tenant = $visibleTo)";
/** Dropped for room at once; more come in further rounds. */
const ROUND = 64;

const totalSchema = z.object({ total: z.number() });

export type ExecutionStatements = ReturnType<typeof prepareExecutions>;

export const prepareExecutions = (database: Database) => ({
  begin: database.write(
    `INSERT INTO executions (id, tenant, created_at, session_id, bytes, head, plan, keep_until)
     VALUES ($id, $tenant, $createdAt, $sessionId, $bytes, $head, $plan, $keepUntil)`,
  ),
  /** Right behind `begin`. */
  keepSubmission: database.write(
    "INSERT INTO submissions (seq, body) VALUES (last_insert_rowid(), $submission)",
  ),
  begun: database.first(
    `SELECT seq, tenant, bytes, result,
       coalesce((SELECT octet_length(body) FROM submissions WHERE seq = executions.seq), 0) AS kept
     FROM executions WHERE id = $id`,
    z.object({
      seq: z.number(),
      tenant: z.string(),
      bytes: z.number(),
      result: z.string().nullable(),
      kept: z.number(),
    }),
  ),
  end: database.write(
    `UPDATE executions SET result = $result, exit_code = $exitCode, wall_ms = $wallMs, bytes = $bytes,
       head = $head, plan = NULL, body = $body, timeline = $timeline WHERE seq = $seq`,
  ),
  keepReceipt: database.write("INSERT INTO receipts (seq, body) VALUES ($seq, $receipt)"),
  find: database.first(
    `SELECT head, body FROM executions WHERE ${VISIBLE}`,
    z.object({ head: z.string(), body: z.string().nullable() }),
  ),
  timeline: database.first(
    `SELECT timeline FROM executions WHERE ${VISIBLE}`,
    z.object({ timeline: z.string().nullable() }),
  ),
  receipt: database.first(
    `SELECT receipts.body FROM executions JOIN receipts USING (seq) WHERE ${VISIBLE}`,
    z.object({ body: z.string() }),
  ),
  submission: database.first(
    `SELECT tenant, submissions.body FROM executions JOIN submissions USING (seq) WHERE ${VISIBLE}`,
    z.object({ tenant: z.string(), body: z.string() }),
  ),
  unfinished: database.all(
    "SELECT tenant, head, plan FROM executions WHERE result IS NULL ORDER BY created_at, id",
    z.object({ tenant: z.string(), head: z.string(), plan: z.string() }),
  ),
  sum: database.first("SELECT coalesce(sum(bytes), 0) AS total FROM executions", totalSchema),
  sumOld: database.first(
    `SELECT coalesce(sum(bytes), 0) AS total FROM executions INDEXED BY executions_by_age
     WHERE created_at < $olderThan AND result IS NOT NULL`,
    totalSchema,
  ),
  removeOld: database.write(
    `DELETE FROM executions INDEXED BY executions_by_age
     WHERE created_at < $olderThan AND result IS NOT NULL`,
  ),
  sumKept: database.first(
    `SELECT coalesce(sum(bytes), 0) AS total FROM executions INDEXED BY executions_by_keep
     WHERE keep_until <= $until AND result IS NOT NULL`,
    totalSchema,
  ),
  removeKept: database.write(
    `DELETE FROM executions INDEXED BY executions_by_keep
     WHERE keep_until <= $until AND result IS NOT NULL`,
  ),
  oldest: database.all(
    `SELECT seq, bytes FROM executions INDEXED BY executions_by_age
     WHERE result IS NOT NULL AND id <> $but ORDER BY created_at, id LIMIT ${ROUND}`,
    z.object({ seq: z.number(), bytes: z.number() }),
  ),
  remove: database.write("DELETE FROM executions WHERE seq = $seq"),
});
