"""The MCP client of the Python SDK against a station: lists the tools and calls each, over HTTP and over stdio.

In: the address of `/mcp`, a token, the program, a data directory. Out: one line a call; a tool that is missing, fails or
answers without ids, addresses and times ends the run.
"""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

try:
    from mcp.client.streamable_http import streamable_http_client as http_client
except ImportError:  # the name of it in older versions
    from mcp.client.streamable_http import streamablehttp_client as http_client

TOOLS = {"search", "post", "story", "alerts", "digest", "sources", "counts"}


async def answer(session, name, arguments):
    """What a tool answers, as JSON; an error of the tool ends the run."""
    result = await session.call_tool(name, arguments)
    text = result.content[0].text
    failed = getattr(result, "isError", getattr(result, "is_error", None))
    assert not failed, f"{name}: {text}"
    print(f"  {name} {json.dumps(arguments, ensure_ascii=False)}: {len(text)} characters")
    return json.loads(text)


async def walk(session):
    """Every tool once, each with what another answered."""
    await session.initialize()
    listed = {tool.name for tool in (await session.list_tools()).tools}
    assert listed == TOOLS, listed
    found = await answer(session, "search", {"query": "工资"})
    line = found["lines"][0]
    assert line["id"] and line["url"] and line["time"], line
    post = await answer(session, "post", {"id": line["id"], "query": "工资"})
    assert post["line"]["id"] == line["id"] and post["fetched"]
    story = await answer(session, "story", {"id": line["story"]})
    assert story["lines"][0]["url"]
    alerts = await answer(session, "alerts", {"days": 30})
    assert alerts["alerts"][0]["newest"]["url"] and alerts["alerts"][0]["fired"]
    one = await answer(session, "alerts", {"id": alerts["alerts"][0]["id"]})
    assert one["posts"]
    digests = await answer(session, "digest", {})
    name = next(d["name"] for d in digests["digests"] if d["name"].endswith(".md"))
    assert (await answer(session, "digest", {"name": name}))["text"]
    assert (await answer(session, "sources", {}))["sources"]
    counts = await answer(session, "counts", {"query": "工资"})
    assert counts["posts"] > 0 and counts["examples"][0]["id"]
    refused = await session.call_tool("search", {"query": "(工资"})
    assert getattr(refused, "isError", getattr(refused, "is_error", None)), "a query that cannot be read"


def over_http(url, token):
    """The transport with the token, whatever the version of the SDK calls its arguments."""
    headers = {"Authorization": f"Bearer {token}"}
    try:
        return http_client(url, headers=headers)
    except TypeError:
        try:
            import httpx2 as httpx
        except ImportError:
            import httpx

        return http_client(url, http_client=httpx.AsyncClient(headers=headers))


async def main(url, token, program, data):
    print("over HTTP")
    async with over_http(url, token) as streams:
        async with ClientSession(streams[0], streams[1]) as session:
            await walk(session)
    print("over standard input and output")
    server = StdioServerParameters(command=program, args=["--data-dir", data, "mcp"])
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await walk(session)
    print("mcp: every tool was listed and called, twice")


asyncio.run(main(*sys.argv[1:]))
