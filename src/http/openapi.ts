/** The head of the OpenAPI document; routes describe themselves. */
export const openApiInfo = {
  openapi: "3.1.0",
  info: {
    title: "Cloche",
    version: "0.1.0",
    description:
      "Runs Python code actions in locked-down throwaway containers: one for each action, or for each session.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
};
