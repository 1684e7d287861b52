/** All commands, in the order in which help shows them. */
import type { Command, Group } from "./command.ts";
import { audit } from "./commands/audit/group.ts";
import { completionOf } from "./commands/completion.ts";
import { cp } from "./commands/cp.ts";
import { doctor } from "./commands/doctor.ts";
import { images } from "./commands/images.ts";
import { keys } from "./commands/keys/group.ts";
import { logs } from "./commands/logs.ts";
import { ls } from "./commands/ls.ts";
import { policies } from "./commands/policies.ts";
import { policy } from "./commands/policy/group.ts";
import { prove } from "./commands/prove.ts";
import { ps } from "./commands/ps.ts";
import { receipt } from "./commands/receipt/group.ts";
import { replay } from "./commands/replay.ts";
import { rm } from "./commands/rm.ts";
import { run } from "./commands/run.ts";
import { session } from "./commands/session/group.ts";
import { status } from "./commands/status.ts";
import { tenants } from "./commands/tenants/group.ts";

export const commands: readonly (Command | Group)[] = [
  run,
  session,
  cp,
  ls,
  rm,
  logs,
  ps,
  receipt,
  replay,
  keys,
  tenants,
  images,
  policies,
  policy,
  prove,
  status,
  doctor,
  audit,
  completionOf(() => commands),
];
