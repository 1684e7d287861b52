/** May code connect to this? There is no network in a sandbox; what the policy names is the broker's to reach. */
import type { ResolvedPolicy } from "../read-folder.ts";
import type { Answer, Question } from "./question.ts";

type ConnectQuestion = Extract<Question, { about: "connect" }>;

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

export const explainConnect = (
  { policy: { network }, placeOf }: ResolvedPolicy,
  { host, port }: ConnectQuestion,
): Answer => {
  const place = placeOf(["network"]);
  if (isLoopback(host)) {
    const says = "the sandbox has a loopback of its own: only what the code itself started listens there";
    return {
      allowed: true,
      says: `${host}:${port} is the sandbox itself`,
      reasons: [{ field: "network", says, place }],
    };
  }
  const denied = (says: string): Answer => ({
    allowed: false,
    says: `${host}:${port} can't be reached`,
    reasons: [{ field: "network", says, place }],
  });
  if (network === "none") return denied("network is none: there is no interface but loopback");
  const at = network.broker.findIndex(
    (upstream) => upstream.host === host.toLowerCase() && upstream.port === port,
  );
  const upstream = network.broker[at];
  if (!upstream)
    return denied(
      `the broker reaches ${network.broker.map((one) => `${one.host}:${one.port}`).join(", ")} only`,
    );
  const path = ["network", "broker", at];
  const says = `through the broker, as ${upstream.name}: ${upstream.methods.join(", ")} of ${upstream.paths.join(", ")}; no connection of its own`;
  return {
    allowed: true,
    says: `${host}:${port} can be asked through the broker`,
    reasons: [{ field: path.join("."), says, place: placeOf(path) }],
  };
};
