/** Rules about the world outside, and about what code is told of it. */
import type { LintRule } from "./rule.ts";

const everything = ["/**", "/*", "/**/*"];
const secretName = /(^|_)(KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|CREDENTIALS?|AUTH|PRIVATE)(_|$)/i;
const secretValue =
  /^(AKIA|ASIA)[A-Z0-9]{16}$|^(sk|pk|rk)[-_][\w-]{16,}$|^gh[pousr]_\w{20,}$|^xox[abps]-|^eyJ[\w-]+\.|-----BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s:@]+:[^/\s@]+@/;
const local =
  /^(\d{1,3}\.){3}\d{1,3}$|^localhost$|^[^.]+$|\.(local|localhost|internal|intranet|lan|home|corp)$/i;

export const reachRules: readonly LintRule[] = [
  {
    id: "CLP030",
    name: "network",
    severity: "warning",
    summary: "Code can reach something outside of its sandbox",
    remedy: "network: none, unless it is what the policy is for",
    standards: ["CIS 5.9", "NIST 4.4.2", "ASI02", "ASI05"],
    check: ({ policy: { network } }) =>
      network === "none"
        ? []
        : network.broker.map(({ name, host }, i) => ({
            path: ["network", "broker", i],
            message: `${name} (${host}) can be reached through the broker`,
          })),
  },
  {
    id: "CLP031",
    name: "broad-upstream",
    severity: "error",
    summary: "An upstream may be asked for anything it has",
    remedy: "Name the paths that are needed, one by one or by a common beginning",
    standards: ["NIST 4.4.2", "ASI02", "ASI03"],
    check: ({ policy: { network } }) =>
      network === "none"
        ? []
        : network.broker.flatMap(({ name, paths }, i) =>
            paths.flatMap((path, j) =>
              everything.includes(path)
                ? [
                    {
                      path: ["network", "broker", i, "paths", j],
                      message: `${path} of ${name} is every path`,
                    },
                  ]
                : [],
            ),
          ),
  },
  {
    id: "CLP032",
    name: "upstream-inside",
    severity: "error",
    summary:
      "An upstream is an address, or a name that only the inside of a network knows: metadata services, routers",
    remedy: "Name a public host; what is inside is reached through a host made for that",
    standards: ["NIST 4.4.2", "ASI02"],
    check: ({ policy: { network } }) =>
      network === "none"
        ? []
        : network.broker.flatMap(({ name, host }, i) =>
            local.test(host)
              ? [{ path: ["network", "broker", i, "host"], message: `${name} leads to ${host}` }]
              : [],
          ),
  },
  {
    id: "CLP033",
    name: "grants",
    severity: "note",
    summary: "Code may have credentials used on its behalf",
    remedy: "Keep the list as short as the work needs",
    standards: ["ASI03"],
    check: ({ policy: { grants } }) =>
      grants.map((name, i) => ({ path: ["grants", i], message: `${name} may be asked for` })),
  },
  {
    id: "CLP034",
    name: "any-variable",
    severity: "warning",
    summary: "An action may set any variable, those that change how programs start among them",
    remedy: "List the names in environment.allow",
    standards: ["NIST 4.4.3", "ASI05"],
    check: ({ policy: { environment } }) =>
      environment.allow.flatMap((name, i) =>
        /^[*?]+$/.test(name) ? [{ path: ["environment", "allow", i], message: `${name} is any name` }] : [],
      ),
  },
  {
    id: "CLP035",
    name: "secret-in-policy",
    severity: "error",
    summary:
      "A variable that every run finds looks like a secret: code can read it, and so can whoever reads the policy",
    remedy: "Give the credential to the broker, and a grant to the policy",
    standards: ["NIST 4.1.4", "ASI03"],
    check: ({ policy: { environment } }) =>
      Object.entries(environment.set).flatMap(([name, value]) =>
        secretName.test(name) || secretValue.test(value)
          ? [{ path: ["environment", "set", name], message: `${name} looks like a secret` }]
          : [],
      ),
  },
];
