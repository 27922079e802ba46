"""Run by its path, with another commit's files on PYTHONPATH: makes a world by that commit's own code."""

import json
import sys

from benchmarks.serve.world import WorldSize, build

if __name__ == "__main__":
    database_url, redis_url, size = sys.argv[1:]
    build(WorldSize(**json.loads(size)), database_url=database_url, redis_url=redis_url)
