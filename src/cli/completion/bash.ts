import { type Entry, type OptionEntry, optionsWithValue, type Tree, toEntries } from "./entries.ts";

/** Words come from the table alone, which has no character that a shell would take for its own. */
export const toBash = (tree: Tree): string => {
  const entries = toEntries(tree);
  return `# bash completion of cloche: source <(cloche completion bash)
_cloche() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" files="" n=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      --)
        compopt -o default
        return
        ;;
      ${optionsWithValue(entries).join("|")}) ((i++)) ;;
      -?*) ;;
      *)
        case "$path\${path:+ }\${COMP_WORDS[i]}" in
${cases(
  entries.filter(({ path }) => path !== "").map(({ path }) => [`"${path}"`, `path="${path}" n=0`]),
  10,
)}
          *) ((n++)) ;;
        esac
        ;;
    esac
  done
  case "$path:$prev" in
${cases(entries.flatMap(valueCases), 4)}
  esac
  case "$path:$n" in
${cases(entries.flatMap(operandCases), 4)}
  esac
  if [[ $cur == -* ]]; then
    case "$path" in
${cases(
  entries.map((entry) => [`"${entry.path}"`, `words="${optionWords(entry)}"`]),
  6,
)}
    esac
  fi
  if [[ -n $files && $cur != -* ]]; then
    compopt -o default
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _cloche cloche
`;
};

const cases = (rows: (readonly [pattern: string, action: string])[], indent: number): string =>
  rows.map(([pattern, action]) => `${" ".repeat(indent)}${pattern}) ${action} ;;`).join("\n");

/** What can follow an option. */
const valueCases = ({ path, options }: Entry): [string, string][] =>
  options
    .filter(({ takesValue }) => takesValue)
    .map((option) => {
      const names = [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])];
      return [names.map((name) => `"${path}:${name}"`).join("|"), `${valueAction(option)}; return`];
    });

const valueAction = ({ choices, complete }: OptionEntry): string => {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$cur"))`;
  if (complete === "folder") return "compopt -o dirnames";
  return complete === "file" ? "compopt -o default" : ":";
};

/** What the next word can be: a name of a command, one of some choices, a file. */
const operandCases = ({ path, commands, operands }: Entry): [string, string][] => [
  ...(commands.length > 0
    ? [[`"${path}:0"`, `words="${commands.map(({ name }) => name).join(" ")}"`] as [string, string]]
    : []),
  ...operands.flatMap(({ choices, complete }, i): [string, string][] => {
    if (choices) return [[`"${path}:${i}"`, `words="${choices.join(" ")}"`]];
    return complete ? [[`"${path}:${i}"`, "files=yes"]] : [];
  }),
];

const optionWords = ({ options }: Entry): string =>
  options
    .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
    .join(" ");
