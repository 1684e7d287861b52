import { type Entry, type OptionEntry, quote, type Tree, toEntries } from "./entries.ts";

export const toZsh = (tree: Tree): string => {
  const entries = toEntries(tree);
  return `#compdef cloche
# zsh completion of cloche: source <(cloche completion zsh)
${entries.map(functionOf).join("\n")}
if [[ $funcstack[1] == _cloche ]]; then
  _cloche "$@"
else
  compdef _cloche cloche
fi
`;
};

const functionOf = (entry: Entry): string => {
  const { path, commands } = entry;
  return commands.length > 0
    ? `${nameOf(path)}() {
  local curcontext="$curcontext" state line
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  _arguments -C ${argumentsOf(entry)} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
${commands.map(({ name }) => `        ${name}) ${nameOf(path === "" ? name : `${path} ${name}`)} ;;`).join("\n")}
      esac
      ;;
  esac
}
`
    : `${nameOf(path)}() {
  _arguments -s ${argumentsOf(entry)}
}
`;
};

const nameOf = (path: string): string => ["_cloche", ...path.split(" ").filter(Boolean)].join("_");

const argumentsOf = ({ options, operands, rest }: Entry): string =>
  [
    ...options.flatMap(specsOf),
    ...operands.map(({ label, need, choices, complete }) => {
      const colons = need === "optional" ? "::" : ":";
      return quote(`${colons}${safe(label)}:${actionOf({ choices: choices ?? [], complete })}`);
    }),
    ...(rest ? [quote("*:argument:_files")] : []),
  ].join(" \\\n    ");

const specsOf = (option: OptionEntry): string[] => {
  const { name, short, help, takesValue, repeats } = option;
  const value = takesValue ? `:value:${actionOf(option)}` : "";
  const star = repeats ? "*" : "";
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])].map((flag) =>
    quote(`${star}${flag}[${safe(help)}]${value}`),
  );
};

const actionOf = ({
  choices,
  complete,
}: Pick<OptionEntry, "choices"> & { complete?: string | undefined }): string => {
  if (choices.length > 0) return `(${choices.join(" ")})`;
  if (complete === "folder") return "_files -/";
  return complete === "file" ? "_files" : " ";
};

/** These mean something to _arguments. */
const safe = (text: string): string => text.replace(/[[\]:\\]/g, (character) => `\\${character}`);
