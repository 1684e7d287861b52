import type { ServiceAttempt } from "../attempt.ts";
import { bombs } from "./bombs.ts";
import { endlessFiles } from "./endless-files.ts";
import { flood } from "./flood.ts";
import { forgedEvents } from "./forged-events.ts";
import { hostileArchives } from "./hostile-archives.ts";
import { hostileText } from "./hostile-text.ts";
import { otherTenants } from "./other-tenants.ts";
import { requestForgery } from "./request-forgery.ts";
import { sparseGiants } from "./sparse-giants.ts";
import { swappedDownloads } from "./swapped-downloads.ts";
import { uploadNames } from "./upload-names.ts";

/** Attempts on the service itself; battery/ has no files with their ids. */
export const serviceAttempts: readonly ServiceAttempt[] = [
  uploadNames,
  hostileArchives,
  bombs,
  swappedDownloads,
  endlessFiles,
  sparseGiants,
  hostileText,
  flood,
  otherTenants,
  forgedEvents,
  requestForgery,
];
