import { defineGroup } from "../../command.ts";
import { sessionClose } from "./close.ts";
import { sessionCreate } from "./create.ts";
import { sessionExec } from "./exec.ts";
import { sessionExtend } from "./extend.ts";
import { sessionLs } from "./ls.ts";
import { sessionShow } from "./show.ts";
import { sessionCancel, sessionInterrupt, sessionReset } from "./tell.ts";

export const session = defineGroup("session", "Sandboxes that keep interpreter and files between runs", [
  sessionCreate,
  sessionLs,
  sessionShow,
  sessionExec,
  sessionInterrupt,
  sessionCancel,
  sessionReset,
  sessionExtend,
  sessionClose,
]);
