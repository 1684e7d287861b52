# ---
# id: 103
# name: protect-as-code
# title: Make code of a file that is already mapped
# class: files
# techniques: [T1055, T1620]
# defences: [noexec file systems, read_only_root, landlock, non_root]
# control:
#   without: [read_only_root, landlock, non_root]
# ---
"""mmap of a written file as code is refused; so must be mprotect of a mapping that began as plain data."""
import ctypes
import errno
import json
import mmap

libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
answers = {}
for folder in ("/workspace", "/tmp", "/dev/shm", "/opt", "/usr/local/lib"):
    try:
        file = open(f"{folder}/code", "w+b", buffering=0)
    except OSError as error:
        answers[folder] = f"not written ({errno.errorcode[error.errno]})"
        continue
    file.write(b"\xc3" * 4096)
    area = mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    failed = libc.mprotect(address, 4096, mmap.PROT_READ | mmap.PROT_EXEC)
    answers[folder] = errno.errorcode[ctypes.get_errno()] if failed else "code"
saw = ", ".join(f"{folder} {answer}" for folder, answer in answers.items())
print(json.dumps({"reached": "code" in answers.values(), "saw": saw}))
