import { defineGroup } from "../../command.ts";
import { receiptKey } from "./key.ts";
import { receiptShow } from "./show.ts";
import { receiptVerify } from "./verify.ts";

export const receipt = defineGroup("receipt", "Signed records of what ran, under what, and what came of it", [
  receiptShow,
  receiptVerify,
  receiptKey,
]);
