/** `SESSION:path`, as people write it. */
import { InputError } from "../errors.ts";

export interface WorkspaceRef {
  session: string;
  /** Relative to /workspace, without a slash at either end; empty for the workspace itself. */
  path: string;
  /** Written with a slash at its end. */
  asFolder: boolean;
}

/** undefined for what is a local name. */
export const parseRef = (text: string): WorkspaceRef | undefined => {
  const [, session, path] = /^(ses_\w+):(.*)$/s.exec(text) ?? [];
  return session === undefined || path === undefined ? undefined : { session, ...parsePath(path) };
};

/** A session alone means its whole workspace. */
export const parseSessionOrRef = (text: string): WorkspaceRef =>
  parseRef(text) ?? { session: text, path: "", asFolder: true };

const parsePath = (text: string): Omit<WorkspaceRef, "session"> => {
  const inside = text.replace(/^\/workspace(?=\/|$)\/?/, "").replace(/^(\.\/)+/, "");
  const path = inside === "." ? "" : inside.replace(/\/+$/, "");
  if (path.startsWith("/")) throw new InputError(`"${text}" is not below /workspace`);
  if (path !== "" && path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new InputError(`"${text}" must not have empty, . or .. parts`);
  }
  return { path, asFolder: inside === "" || inside === "." || inside.endsWith("/") };
};
