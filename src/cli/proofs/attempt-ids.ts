/** `1,4-6` as the numbers of attempts. */
import { UsageError } from "../errors.ts";

const MOST = 1_000;

/** undefined where nothing is chosen: all of them. */
export const parseAttemptIds = (text: string | undefined): number[] | undefined => {
  if (text === undefined) return undefined;
  const ids = text.split(",").flatMap((part) => {
    const [, first, last = first] = /^ *(\d{1,4})(?: *- *(\d{1,4}))? *$/.exec(part) ?? [];
    if (first === undefined) throw wrong(part);
    const length = Number(last) - Number(first) + 1;
    if (length < 1 || length > MOST) throw wrong(part);
    return Array.from({ length }, (_, index) => Number(first) + index);
  });
  return [...new Set(ids)];
};

const wrong = (part: string) =>
  new UsageError(`--attempts takes numbers and ranges, as 1,4-6; "${part}" is none`, "cloche prove");
