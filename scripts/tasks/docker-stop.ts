import { stopEngine } from "../engine/stop-engine.ts";
import { failTask } from "../fail-task.ts";
import { stateDir } from "../state-dir.ts";

await stopEngine({ stateDir: stateDir(), log: (line) => console.log(line) }).catch(failTask);
