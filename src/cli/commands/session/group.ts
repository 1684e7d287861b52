import { defineGroup } from "../../command.ts";
import { sessionCancel } from "./cancel.ts";
import { sessionClose } from "./close.ts";
import { sessionCreate } from "./create.ts";
import { sessionExec } from "./exec.ts";
import { sessionExtend } from "./extend.ts";
import { sessionInterrupt } from "./interrupt.ts";
import { sessionLs } from "./ls.ts";
import { sessionReset } from "./reset.ts";
import { sessionShow } from "./show.ts";

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
