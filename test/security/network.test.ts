/** Attempts to reach anything outside of the sandbox's own loopback. */

import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

const connect = (family: string, address: string) => `
import socket
s = socket.socket(socket.${family}, socket.SOCK_STREAM)
s.settimeout(3)
try:
    s.connect(${address})
    print("connected")
except OSError as error:
    print(type(error).__name__, error.errno)`;

describe("the network", () => {
  test.each([
    ["a cloud's metadata", "AF_INET", "('169.254.169.254', 80)"],
    ["a cloud's metadata over IPv6", "AF_INET6", "('fd00:ec2::254', 80)"],
    ["the engine's bridge", "AF_INET", "('172.17.0.1', 2375)"],
    ["a private network", "AF_INET", "('10.0.0.1', 80)"],
    ["the world", "AF_INET", "('192.0.2.1', 443)"],
    ["link-local IPv6", "AF_INET6", "('fe80::1', 80)"],
  ])("%s is unreachable", async (_, family, address) => {
    expect((await service.run(connect(family, address))).stdout).toMatch(/^OSError (101|99|22|113)\n$/);
  });

  test("a service on the host's loopback is not the sandbox's", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { stdout } = await service.run(connect("AF_INET", `("127.0.0.1", ${port})`));
    server.close();
    expect(stdout).toBe("ConnectionRefusedError 111\n");
  });

  test("the engine's abstract sockets can't be seen", async () => {
    const code = "print([l.split()[-1] for l in open('/proc/net/unix') if '@' in l])";
    expect((await service.run(code)).stdout).toBe("[]\n");
  });

  test("names don't resolve", async () => {
    const code =
      "import socket\ntry: print(socket.getaddrinfo('example.org', 80))\nexcept OSError as e: print(type(e).__name__)";
    expect((await service.run(code)).stdout).toBe("gaierror\n");
  });

  test("control: the sandbox's own loopback works", async () => {
    const code = `
import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").status)`;
    expect((await service.run(code)).stdout).toBe("200\n");
  });
});
