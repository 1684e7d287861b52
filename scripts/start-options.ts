import { parseArgs } from "node:util";

const imageBases = ["auto", "registry", "debian"] as const;
export type ImageBase = (typeof imageBases)[number];

export type StartOptions = {
  allowInstall: boolean;
  base: ImageBase;
  /** Only where the flag says so; else the setting decides. */
  auth?: false;
  host?: string;
  port?: number;
};

export type ParsedStart =
  | { kind: "start"; options: StartOptions }
  | { kind: "help"; text: string }
  | { kind: "invalid"; message: string };

export const startUsage = `Usage: npm start -- [flags]

  --host ADDRESS   address to listen on (default 127.0.0.1)
  --port NUMBER    port to listen on (default 8080; 0 picks a free one)
  --no-auth        ask for no API key; only on a loopback address
  --no-install     refuse to install anything on this machine; say what is missing instead
  --base WHICH     where the sandbox image comes from: registry, debian (built with mmdebstrap), or auto (default)
  --help           this text

npm run docker:stop ends the Docker Engine if this command had to start it.`;

/**
 * `npm start --no-install`, without the `--`, never shows us the flag: npm takes it as its own setting. Installing
 * against an explicit no would be worse than honouring a misplaced one.
 */
export function parseStartArgs(argv: readonly string[], npmInstallSetting?: string): ParsedStart {
  try {
    return toStart(readFlags(argv), npmInstallSetting);
  } catch (error) {
    return { kind: "invalid", message: error instanceof Error ? error.message : String(error) };
  }
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: false,
    options: {
      "no-install": { type: "boolean", default: false },
      "no-auth": { type: "boolean", default: false },
      base: { type: "string", default: "auto" },
      host: { type: "string" },
      port: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

function toStart(flags: ReturnType<typeof readFlags>, npmInstallSetting: string | undefined): ParsedStart {
  if (flags.help) return { kind: "help", text: startUsage };
  const base = imageBases.find((name) => name === flags.base);
  if (base === undefined)
    throw new Error(`--base must be one of ${imageBases.join(", ")}, not "${flags.base}"`);
  if (flags.host === "") throw new Error("--host must not be empty");
  const npmSaysNo = npmInstallSetting === "" || npmInstallSetting === "false";
  return {
    kind: "start",
    options: {
      allowInstall: !flags["no-install"] && !npmSaysNo,
      base,
      ...(flags["no-auth"] ? { auth: false as const } : {}),
      ...(flags.host === undefined ? {} : { host: flags.host }),
      ...(flags.port === undefined ? {} : { port: parsePort(flags.port) }),
    },
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`--port must be 0 to 65535, not "${text}"`);
  return port;
}
