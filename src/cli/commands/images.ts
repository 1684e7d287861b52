import type { Image } from "../api/types.ts";
import { shortDigest } from "../terminal/table.ts";
import { defineList } from "./define-list.ts";

export const images = defineList<Image>({
  name: "images",
  summary: "List images: what can be in a sandbox",
  path: "/v1/images",
  columns: [
    { head: "IMAGE", cell: ({ name }) => name },
    { head: "PYTHON", cell: ({ python }) => python },
    { head: "PACKAGES", cell: ({ packages }) => Object.keys(packages).length, right: true },
    { head: "MIB", cell: ({ sizeBytes }) => Math.round(sizeBytes / 2 ** 20), right: true },
    { head: "DIGEST", cell: ({ digest }) => shortDigest(digest) },
    { head: "DESCRIPTION", cell: ({ description }) => description },
  ],
});
