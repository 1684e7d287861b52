# ---
# id: 101
# name: missing-layers
# title: Look for a layer of defence that isn't there
# class: system_calls
# techniques: [T1518.001]
# defences: [seccomp, syscall_tier, no_new_privileges, no_capabilities, non_root]
# control:
#   without: [seccomp]
# notFor: { runsc: "gVisor's kernel does not count a process's filters" }
# ---
"""An attacker reads first what is in the way. A filter of the engine's around all, more of them on the cell than on
the launcher, no new rights, no capability in any set, another user than root: all as the kernel says it.
"""
import json


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


status, launcher = status_of("self"), status_of(1)
filters = [int(one["Seccomp_filters"]) for one in (launcher, status)]
gaps = []
if filters[0] < 1:
    gaps.append("the engine's filter")
if filters[1] <= filters[0]:
    gaps.append("the cell's filter")
if status["NoNewPrivs"] != "1":
    gaps.append("new privileges")
gaps += [name for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(status[name], 16)]
users = f"{status['Uid']} {status['Gid']} {status['Groups']}".split()
gaps += ["root"] if "0" in users else []
saw = f"missing: {', '.join(gaps) or 'none'}; filters {filters}, user {users[0]}"
print(json.dumps({"reached": bool(gaps), "saw": saw}))
