"""The programs that every image has, as scripts call them."""

import subprocess

script = """
set -e
mkdir -p a/b; cd a; printf 'b\\na\\nc\\n' > list; cp list b/; mv b/list b/other; ln -s list link; ln list hard
cat list | sort -r | uniq -c | tail -n 2 | wc -l; grep -n a list; sed -i s/a/x/ list; awk '{print NR}' list
find . -type f -name 'l*' -exec head -c 3 {} +; ls -laR; du -s .; df . ; stat list; touch -d 2020-01-01 list
tar cf all.tar b list; tar xf all.tar -O > /dev/null; gzip -k all.tar; zcat all.tar.gz | sha256sum; split -b 1000 all.tar
chmod 700 b; date; sleep 0.01; env | sort | tr a b | cut -c 1 > /dev/null; tee copy < list; truncate -s 10 copy
dd if=/dev/zero of=zero bs=1k count=4 2> /dev/null; cmp zero zero; diff list list; mktemp; mkfifo pipe; realpath link
id; uname -a; nproc; hostname; pwd; timeout 5 true; nice true; nohup true; test -w list; xargs -n 1 echo < list; rm -r b
( sleep 0.01 & wait ); kill -0 $$; trap 'echo ended' EXIT; ulimit -n; umask; read line < list; shuf list; stdbuf -o0 true
"""
for shell in ("sh", "bash"):
    subprocess.run([shell, "-c", f"mkdir {shell}; cd {shell}; {script}"], check=True, stdin=subprocess.DEVNULL)
