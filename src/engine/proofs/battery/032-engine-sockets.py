# ---
# id: 32
# name: engine-sockets
# title: Find the engine's socket or an orchestrator's token
# class: files
# techniques: [T1552.007, T1610]
# defences: [no host mounts]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Who can talk to the engine is root on the host. The control plants a socket, and the search finds it."""
import glob
import json
import os
import socket
import stat
import sys

known = """/var/run/docker.sock /run/docker.sock /run/containerd/containerd.sock /run/podman/podman.sock
/run/crio/crio.sock /run/buildkit/buildkitd.sock /run/dbus/system_bus_socket /run/systemd/private
/var/run/secrets/kubernetes.io/serviceaccount/token /run/secrets /host /rootfs /mnt/host /var/lib/docker
/var/lib/kubelet /etc/kubernetes""".split()
if sys.argv[2] == "control":
    socket.socket(socket.AF_UNIX).bind("/tmp/docker.sock")
found = [path for path in known if os.path.exists(path)]
for pattern in ("/run/**", "/var/run/**", "/tmp/**", "/dev/shm/**", "/workspace/**", "/opt/**"):
    for path in glob.iglob(pattern, recursive=True, include_hidden=True):
        try:
            if stat.S_ISSOCK(os.lstat(path).st_mode) or path.endswith("token"):
                found.append(path)
        except OSError:
            pass
print(json.dumps({"reached": bool(found), "saw": f"found {', '.join(found) or 'none'}"}))
