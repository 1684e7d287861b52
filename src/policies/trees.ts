/** Folders and what is beneath them, by their names. */

export const isBeneath = (path: string, tree: string): boolean =>
  tree === "/" || path === tree || path.startsWith(tree.endsWith("/") ? tree : `${tree}/`);

/** The most specific of the trees that has this path. */
export const treeOf = (trees: readonly string[], path: string): string | undefined =>
  trees.filter((tree) => isBeneath(path, tree)).toSorted((a, b) => b.length - a.length)[0];

/** The mounts that can be written to, each as large as the policy says; everything else of the root is read-only. */
export const writableMounts = ["/workspace", "/tmp", "/dev/shm"] as const;
