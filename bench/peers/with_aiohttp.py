"""The same requests with aiohttp: URL_FILE CONCURRENCY WARM_UP. Prints what this process measured of itself."""

import asyncio
import json
import resource
import sys
import time

import aiohttp


async def in_lanes(session, urls, concurrency):
    values = [None] * len(urls)
    indices = iter(range(len(urls)))

    async def lane():
        for index in indices:
            async with session.get(urls[index]) as response:
                values[index] = await response.json()

    await asyncio.gather(*(lane() for _ in range(concurrency)))
    return values


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main(path, concurrency, warm_up):
    with open(path) as file:
        urls = file.read().split()
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:
        await in_lanes(session, urls[:warm_up], concurrency)
        cpu, started_at = cpu_seconds(), time.monotonic()
        values = await in_lanes(session, urls, concurrency)
        cpu, seconds = cpu_seconds() - cpu, time.monotonic() - started_at
    if any(value is None for value in values):
        raise RuntimeError("lost some")
    max_rss_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "cpuUs": cpu * 1e6 / len(urls),
        "perSecond": len(urls) / seconds,
        "rssMb": max_rss_kb / 1024,
    }
    print(json.dumps(figures))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
