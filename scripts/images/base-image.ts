/** Chooses what an image without a parent starts from. */
import type Docker from "dockerode";
import { ensureDebianBase } from "./debian-base.ts";
import type { Log } from "./progress.ts";
import { ensureRegistryBase, registryBaseOf } from "./registry-base.ts";

/** "auto" takes the registry's base where one answers, else a Debian base made on this machine. */
export const baseChoices = ["auto", "registry", "debian"] as const;
export type BaseChoice = (typeof baseChoices)[number];

export interface Base {
  kind: Exclude<BaseChoice, "auto">;
  reference: string;
}

/** Makes the base present on the engine. Throws with both reasons when neither way works. */
export async function ensureBase(
  docker: Docker,
  options: { folder: string; choice: BaseChoice; log: Log; allowInstall: boolean },
): Promise<Base> {
  const { folder, choice, log } = options;
  const debian = async (): Promise<Base> => ({
    kind: "debian",
    reference: await ensureDebianBase(docker, options),
  });
  if (choice === "debian") return debian();

  const reference = registryBaseOf(folder);
  try {
    await ensureRegistryBase(docker, reference, log);
    return { kind: "registry", reference };
  } catch (registryError) {
    if (choice === "registry") throw registryError;
    log(`base ${reference}: no registry answers, making a Debian base here instead`);
    return debian().catch((debianError: unknown) => {
      const reason = debianError instanceof Error ? debianError.message : String(debianError);
      throw new Error(`no base image: ${reason}`, { cause: registryError });
    });
  }
}
