"""asyncio: tasks, streams, servers, subprocesses, signals, threads."""

import asyncio
import os
import signal


async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"hi\n")
    assert await reader.readline() == b"hi\n"
    writer.close()
    server.close()
    local = await asyncio.start_unix_server(echo, "/tmp/aio.sock")
    reader, writer = await asyncio.open_unix_connection("/tmp/aio.sock")
    writer.write(b"there\n")
    assert await reader.readline() == b"there\n"
    writer.close()
    local.close()
    process = await asyncio.create_subprocess_exec("echo", "x", stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b"x\n"
    got = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(got.wait(), 5)
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0.001))
        group.create_task(asyncio.to_thread(sum, [1, 2]))
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    transport.close()


asyncio.run(main())
