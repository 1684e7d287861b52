/** The API's documentation as a page. All it loads comes from this service. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../app-env.ts";

const assets = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
} as const;

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cloche API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });\n`;

export const docsRoutes = (): OpenAPIHono<AppEnv> => {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const routes = new OpenAPIHono<AppEnv>();
  routes.get("/docs", (context) => context.html(page));
  routes.get("/docs/start.js", (context) =>
    context.body(start, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  for (const [name, type] of Object.entries(assets)) {
    routes.get(`/docs/${name}`, (context) => {
      const headers = { "content-type": type, "cache-control": "max-age=3600" };
      return context.body(readFileSync(join(folder, name)), 200, headers);
    });
  }
  return routes;
};
