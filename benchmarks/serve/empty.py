"""`python -m benchmarks.serve.empty PORT`: a FastAPI app whose one route does nothing, served as the timeline is."""

import sys

import uvicorn
from fastapi import FastAPI

PATH = "/empty"


def app() -> FastAPI:
    """The app."""
    made = FastAPI()

    @made.get(PATH)
    async def nothing() -> dict[str, str]:
        return {}

    return made


if __name__ == "__main__":
    uvicorn.run(
        app(), port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False, proxy_headers=False
    )
