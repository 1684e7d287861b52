/** The folder with the store, the API key and the instance's identity. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync } from "node:fs";

/** Makes the folder, for this user only: it has what callers sent and got. Its parent has to be there. */
export const claimFolder = (stateDir: string): void => {
  try {
    if (!existsSync(stateDir)) mkdirSync(stateDir, { mode: 0o700 });
    chmodSync(stateDir, 0o700);
    accessSync(stateDir, constants.W_OK);
  } catch (cause) {
    throw new Error(`CLOCHE_STATE_DIR: ${stateDir} can't be made or written`, { cause });
  }
};
