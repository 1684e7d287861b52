/** A coding agent's life with Cloche, without a model: it looks, errs, mends, plots, gets stuck, and goes on. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Execution } from "../../src/domain/execution.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import * as cells from "./cells.ts";
import { expectEqual, expectOutcome, expectThat, pngSize } from "./expect.ts";
import { makeOrders, type Orders } from "./orders.ts";
import type { Screen } from "./screen.ts";
import { type Service, SessionClient } from "./session-client.ts";

const figuresSchema = z.object({ unusable: z.int(), revenue: z.record(z.string(), z.number()) });

interface Options {
  screen: Screen;
  /** Where the plot goes. */
  folder: string;
  signal: AbortSignal;
}

/** Rejects when anything is not as it has to be. */
export async function runExample(service: Service, { screen, folder, signal }: Options): Promise<void> {
  const orders = makeOrders();
  screen.thought("I need a place to work: one session, its variables and files stay while it lives.");
  const spec = { image: "python-data", metadata: { purpose: "example-agent" } };
  const session = await SessionClient.open(service, spec, signal);
  screen.did(`POST /v1/sessions → ${session.id}`);
  try {
    const agent = new Agent(session, screen);
    await agent.analyse(orders);
    await agent.plot(folder);
    await agent.getStuckAndGoOn(orders);
  } finally {
    const ended = await session.close();
    screen.did(`DELETE /v1/sessions/${ended.id} → ended (${ended.termination?.reason})`);
  }
}

class Agent {
  readonly #session: SessionClient;
  readonly #screen: Screen;

  constructor(session: SessionClient, screen: Screen) {
    this.#session = session;
    this.#screen = screen;
  }

  async analyse(orders: Orders): Promise<void> {
    const screen = this.#screen;
    screen.thought(
      "The user gave me orders.csv and asks which region earns most. Into the workspace with it.",
    );
    await this.#session.upload("orders.csv", orders.csv);
    screen.did(`PUT /v1/sessions/…/files/orders.csv → ${Buffer.byteLength(orders.csv)} bytes`);
    await this.#run("What is in it?", cells.look);
    await this.#run(
      "4,000 rows. Real data has holes: let me see how many before I count anything.",
      cells.gaps,
    );

    const failed = await this.#run("Revenue by region, then.", cells.mistake, "exception");
    const [, column] = /^KeyError: '(\w+)'$/m.exec(failed.observation.stderr) ?? [];
    expectEqual(column, "Region", "the column that the traceback names");
    const mending = `KeyError: '${column}'. The column is called "region", some names are shouted, and gaps must go.`;
    await this.#run(mending, cells.mended);
    const { observation } = await this.#run("The figures for my answer, as JSON.", cells.figures);
    checkFigures(observation.stdout, orders);
    screen.checked(`figures are those that the data was made with: ${orders.best} earns most`);
    await this.#run("How sure is that? I resample and watch.", cells.bootstrap);
  }

  async plot(folder: string): Promise<void> {
    const { observation } = await this.#run("A picture says it better.", cells.plot);
    const shown = observation.results.find(({ forms }) => "image/png" in forms)?.forms["image/png"];
    expectThat(shown !== undefined, "a figure comes back as a result");
    const inline = pngSize(Buffer.from(shown, "base64"), "the result");
    this.#screen.checked(`the figure came back as a result: PNG, ${inline.width} × ${inline.height}`);

    const file = await this.#session.download("revenue.png");
    const saved = pngSize(file, "revenue.png");
    expectEqual(saved, { width: 640, height: 320 }, "size of revenue.png");
    const target = join(folder, "revenue.png");
    await writeFile(target, file);
    this.#screen.did(`GET /v1/sessions/…/files/revenue.png → ${file.length} bytes, kept as ${target}`);
    this.#screen.checked(`the file is a PNG too, ${saved.width} × ${saved.height}`);
  }

  async getStuckAndGoOn(orders: Orders): Promise<void> {
    const screen = this.#screen;
    screen.thought("One more idea ... (it is a bad one: the loop never ends)");
    screen.code(cells.runaway);
    let lines = 0;
    const stuck = await this.#session.run(cells.runaway, {
      onOutput: (stream, text) => {
        screen.stream(stream, text);
        lines += text.split("\n").length - 1;
        // Once: what was printed before the interrupt is still on its way.
        if (lines >= 3 && !this.#interrupted) this.#interrupt();
      },
    });
    await this.#interrupted;
    expectOutcome(stuck, "cancelled");
    expectThat(
      stuck.observation.stderr.includes("KeyboardInterrupt"),
      "the loop ends with KeyboardInterrupt",
    );
    screen.checked("interrupted by KeyboardInterrupt");
    const { observation } = await this.#run("Is my work still there?", cells.afterwards);
    const kept = `True ${orders.rows - orders.unusable} ${orders.best}\n`;
    expectEqual(observation.stdout, kept, "the state after the interrupt");
    screen.checked("the loop is gone, the variables are kept");
  }

  #interrupted: Promise<void> | undefined;

  #interrupt(): void {
    this.#screen.did("this leads nowhere: POST /v1/sessions/…/interrupt");
    this.#interrupted = this.#session.interrupt();
    // Awaited later; until then nobody looks.
    this.#interrupted.catch(() => {});
  }

  async #run(thought: string, code: string, expected: Outcome = "ok"): Promise<Execution> {
    const screen = this.#screen;
    screen.thought(thought);
    screen.code(code);
    const execution = await this.#session.run(code, {
      onOutput: (stream, text) => screen.stream(stream, text),
    });
    for (const { forms } of execution.observation.results) {
      const picture = forms["image/png"];
      screen.result(
        picture ? `[image/png, ${Buffer.byteLength(picture, "base64")} bytes]` : (forms["text/plain"] ?? ""),
      );
    }
    screen.did(`${execution.observation.outcome} in ${execution.timings.totalMs.toFixed(0)} ms`);
    expectOutcome(execution, expected);
    return execution;
  }
}

function checkFigures(stdout: string, orders: Orders): void {
  const figures = figuresSchema.parse(JSON.parse(stdout));
  expectEqual(figures.unusable, orders.unusable, "unusable rows");
  const cents = Object.fromEntries(
    Object.entries(figures.revenue).map(([region, sum]) => [region, Math.round(sum * 100)]),
  );
  expectEqual(Object.keys(cents)[0], orders.best, "the best region");
  for (const [region, sum] of Object.entries(orders.revenue))
    expectEqual(cents[region], sum, `revenue of ${region}`);
}
