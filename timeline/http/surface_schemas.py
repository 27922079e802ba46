"""The answer of surfaces other than the timeline, as the OpenAPI document shows it."""

from typing import Literal

from pydantic import BaseModel, Field

from timeline.http.schemas import TimelinePost

SurfaceSource = Literal["content", "everyone", "snapshot", "newest"]


class SurfacePosts(BaseModel):
    """Posts for one request; there is no next page."""

    posts: list[TimelinePost]
    source: SurfaceSource = Field(
        description="content: similar posts, filled up with popular ones; everyone: popular ones, for nothing similar"
        " is known; snapshot and newest: what the process has while Redis does not answer"
    )
    degraded: list[str] | None = Field(None, description="the stores that did not answer; absent when all did")
