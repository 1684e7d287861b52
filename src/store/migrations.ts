/** How the file came to be what it is, step by step. */
/** Each step is run once, in order; `user_version` counts them. Never change one that was released. */
export const migrations: readonly string[] = [
  `CREATE TABLE executions (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     bytes INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX executions_by_age ON executions (created_at, id, bytes);
   CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;`,

  // What is large comes last in a row: a list reads what is before it only.
  // Each index is a page more to write for each execution, and serves one kind of list.
  `ALTER TABLE executions RENAME TO executions_before;
   CREATE TABLE executions (
     seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     tenant TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     session_id TEXT,
     -- The outcome, or 'failed'; null until it ended.
     result TEXT,
     exit_code INTEGER,
     wall_ms REAL,
     bytes INTEGER NOT NULL,
     head TEXT NOT NULL,
     -- One of them: what is needed to go on with it, until it ended; then what is answered.
     plan TEXT,
     body TEXT,
     timeline TEXT
   ) STRICT;
   INSERT INTO executions (id, tenant, created_at, result, exit_code, wall_ms, bytes, head, body)
     SELECT id, tenant, created_at, outcome,
       json_extract(body, '$.observation.exitCode'),
       json_extract(body, '$.observation.usage.wallMs'),
       octet_length(head) + octet_length(new_body), head, new_body
     FROM (
       SELECT *,
         json_set(json_remove(body, '$.observation', '$.timings'), '$.action.kind', 'script') AS head,
         json_set(body, '$.status', 'finished', '$.action.kind', 'script',
           '$.observation.results', json('[]'), '$.observation.evidence.interrupted', json('false'),
           '$.observation.evidence.endedBy', CASE
             WHEN json_extract(body, '$.observation.evidence.killedBy') IN ('service', 'kernel_memory')
             THEN 'service' ELSE 'process' END) AS new_body
       FROM executions_before
     ) ORDER BY created_at, id;
   DROP TABLE executions_before;
   CREATE INDEX executions_by_age ON executions (created_at, id);
   CREATE INDEX executions_by_result ON executions (result, created_at, id, bytes);
   CREATE INDEX executions_by_session ON executions (session_id, created_at, id)
     WHERE session_id IS NOT NULL;
   CREATE INDEX executions_by_tenant ON executions (tenant, created_at, id);
   CREATE INDEX executions_by_tenant_result ON executions (tenant, result, created_at, id)
     WHERE result IS NOT NULL;

   CREATE TABLE sessions (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     state TEXT NOT NULL,
     cohort_id TEXT,
     ended_at INTEGER,
     container_id TEXT,
     env TEXT NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX sessions_by_age ON sessions (created_at, id);
   CREATE INDEX sessions_by_state ON sessions (state, created_at, id);
   CREATE INDEX sessions_by_cohort ON sessions (cohort_id, created_at, id) WHERE cohort_id IS NOT NULL;
   CREATE INDEX sessions_by_tenant ON sessions (tenant, created_at, id);
   CREATE INDEX sessions_by_tenant_state ON sessions (tenant, state, created_at, id);
   CREATE INDEX sessions_by_end ON sessions (ended_at);

   CREATE TABLE cohorts (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX cohorts_by_age ON cohorts (created_at);

   CREATE TABLE idempotency (
     tenant TEXT NOT NULL,
     scope TEXT NOT NULL,
     key TEXT NOT NULL,
     body_hash TEXT NOT NULL,
     ref TEXT NOT NULL,
     claims INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, scope, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX idempotency_by_age ON idempotency (created_at);

   CREATE TABLE keys (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     created_at TEXT NOT NULL,
     name TEXT NOT NULL,
     role TEXT NOT NULL,
     revoked_at TEXT,
     hash TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX keys_by_tenant ON keys (tenant, created_at, id);

   CREATE TABLE limits (tenant TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;

   CREATE TABLE usage (
     tenant TEXT NOT NULL,
     day TEXT NOT NULL,
     cpu_ms REAL NOT NULL,
     bytes INTEGER NOT NULL,
     PRIMARY KEY (tenant, day)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX usage_by_day ON usage (day);`,

  // In tables of their own: written once, and read without what else an execution has, which may be much.
  `CREATE TABLE receipts (
     seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
     body TEXT NOT NULL
   ) STRICT;
   CREATE TABLE submissions (
     seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
     body TEXT NOT NULL
   ) STRICT;
   -- What the sandbox was seen to have, for receipts that a later process makes.
   ALTER TABLE sessions ADD COLUMN facts TEXT;
   -- Nobody looked for denied calls before.
   UPDATE executions SET body = json_set(body, '$.observation.denied',
       json('{"reportedBy":"none","total":0,"calls":[],"truncated":false}'))
     WHERE result <> 'failed';
   UPDATE executions SET bytes = octet_length(head) + octet_length(body) + coalesce(octet_length(timeline), 0)
     WHERE result <> 'failed';`,

  // A list reads heads only; what comes of each attempt is large, and comes last.
  `CREATE TABLE proofs (
     id TEXT PRIMARY KEY,
     created_at INTEGER NOT NULL,
     status TEXT NOT NULL,
     head TEXT NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX proofs_by_age ON proofs (created_at, id);`,

  // Where its policy keeps it for less than the service keeps others. The index has those only.
  `ALTER TABLE executions ADD COLUMN keep_until INTEGER;
   CREATE INDEX executions_by_keep ON executions (keep_until) WHERE keep_until IS NOT NULL;`,
];
