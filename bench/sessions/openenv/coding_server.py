"""OpenEnv's coding environment from what is on the package index.

The index has OpenEnv's server framework (openenv) and the interpreter (smolagents), but not the forty lines of the
coding environment between them, which live in OpenEnv's repository. This is what they do: one interpreter of smolagents
for each session, its prints and its last value as stdout. Rewards, which cost it time and nobody compares, are left
out; and more than one session is allowed, which the original refuses.
"""

import json
import sys
import traceback
import uuid

import uvicorn
from openenv.core.env_server import create_app
from openenv.core.env_server.interfaces import Action, Environment, Observation, State
from smolagents import LocalPythonExecutor


class CodeAction(Action):
    code: str


class CodeObservation(Observation):
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


class CodeState(State):
    last_exit_code: int = 0


class CodingEnvironment(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self._begin()

    def _begin(self):
        self._executor = LocalPythonExecutor(additional_authorized_imports=[])
        self._executor.send_tools({"format_exc": traceback.format_exc, "safe_json_dumps": json.dumps})
        self._state = CodeState(episode_id=str(uuid.uuid4()), step_count=0)

    def reset(self, **_options):
        self._begin()
        return CodeObservation()

    def step(self, action, **_options):
        self._state.step_count += 1
        try:
            result = self._executor(action.code)
        except Exception:
            self._state.last_exit_code = 1
            return CodeObservation(stderr=traceback.format_exc(), exit_code=1)
        self._state.last_exit_code = 0
        parts = [result.logs] if result.logs else []
        if result.output is not None:
            try:
                parts.append(json.dumps(result.output))
            except (TypeError, ValueError):
                parts.append(repr(result.output))
        return CodeObservation(stdout="\n".join(parts), metadata={"last_code": action.code})

    @property
    def state(self):
        return self._state


if __name__ == "__main__":
    app = create_app(
        CodingEnvironment, CodeAction, CodeObservation, env_name="coding_env", max_concurrent_envs=1000
    )
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
