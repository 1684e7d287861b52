import { defineGroup } from "../../command.ts";
import { auditExport } from "./export.ts";
import { auditHeads } from "./heads.ts";
import { auditQuery } from "./query.ts";
import { auditTail } from "./tail.ts";
import { auditVerify } from "./verify.ts";

export const audit = defineGroup("audit", "The record that shows tampering: check it, read it, export it", [
  auditVerify,
  auditTail,
  auditQuery,
  auditExport,
  auditHeads,
]);
