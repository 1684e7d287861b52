import { type Entry, type OptionEntry, optionsWithValue, quote, type Tree, toEntries } from "./entries.ts";

export const toFish = (tree: Tree): string => {
  const entries = toEntries(tree);
  return `# fish completion of cloche: cloche completion fish | source
function __cloche_path --description 'The command that was written, and how many words behind it'
    set -l path ''
    set -l count 0
    set -l skip no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case --
                echo rest
                return
            case ${optionsWithValue(entries).join(" ")}
                set skip yes
            case '-?*'
            case '*'
                switch (string trim -- "$path $word")
${entries
  .filter(({ path }) => path !== "")
  .map(
    ({ path }) =>
      `                    case ${quote(path)}\n                        set path ${quote(path)}\n                        set count 0`,
  )
  .join("\n")}
                    case '*'
                        set count (math $count + 1)
                end
        end
    end
    echo "$path:$count"
end
function __cloche_in --argument-names path
    string match -q -- "$path:*" (__cloche_path)
end
function __cloche_at --argument-names place
    test (__cloche_path) = $place
end
complete -c cloche -f
complete -c cloche -n '__cloche_at rest' -F
${entries.flatMap(linesOf).join("\n")}
`;
};

const linesOf = ({ path, commands, options, operands }: Entry): string[] => [
  ...commands.map(({ name, summary }) => `${at(path, 0)} -a ${name} -d ${quote(summary)}`),
  ...operands.flatMap(({ choices, complete }, i) => {
    if (choices) return [`${at(path, i)} -a ${quote(choices.join(" "))}`];
    return complete ? [`${at(path, i)} -F`] : [];
  }),
  ...options.map(
    (option) => `complete -c cloche -n ${quote(`__cloche_in ${quote(path)}`)} ${optionOf(option)}`,
  ),
];

const at = (path: string, place: number) =>
  `complete -c cloche -n ${quote(`__cloche_at ${quote(`${path}:${place}`)}`)}`;

const optionOf = ({ name, short, help, takesValue, choices, complete }: OptionEntry): string =>
  [
    `-l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(takesValue ? ["-x"] : []),
    ...(choices.length > 0 ? [`-a ${quote(choices.join(" "))}`] : []),
    ...(complete === "file" ? ["-a '(__fish_complete_path)'"] : []),
    ...(complete === "folder" ? ["-a '(__fish_complete_directories)'"] : []),
    `-d ${quote(help)}`,
  ].join(" ");
