// Everything that one signed-in user does: pages, likes, hides, and what they want more or less of.
import { createWarmline, unwrap, type Schemas, type Warmline } from "warmline-client";

import { follow, openSession, readPosts, type Mode, type PostDetails, type Session } from "./backend.ts";

const PAGE_POSTS = 12;
const SIMILAR_POSTS = 18;
const RENEW_SECONDS = 60; // before a session ends

/** A post as it is shown: its details, and why and on which page the timeline shows it. */
export interface FeedPost extends PostDetails {
  reason: string;
  feedId: string | undefined;
}

export interface FeedPage {
  posts: FeedPost[];
  cursor: string | null;
  source: string;
  degraded: boolean;
}

export type Direction = "more" | "less";
export type Target = { author: string } | { post: string };
export type EventKind = "like" | "hide" | "view";

export class Account {
  readonly userId: string;
  private readonly warmline: Warmline;
  private session: Promise<Session> | undefined;

  constructor(userId: string, api: string) {
    this.userId = userId;
    this.warmline = createWarmline({
      baseUrl: new URL(api, location.origin).href,
      token: () => this.token(),
    });
  }

  /** The first page of a mode, or the one that a cursor leads to. A first page may be asked for again by its id. */
  async page(mode: Mode | undefined, requestId: string, cursor: string | null, signal: AbortSignal): Promise<FeedPage> {
    const from = cursor ? { cursor } : { mode, request_id: requestId }; // a cursor knows its mode
    const query = { limit: PAGE_POSTS, ...from };
    const page = unwrap(
      await this.warmline.GET("/timeline/{user_id}", { params: { path: { user_id: this.userId }, query }, signal }),
    );
    return {
      posts: await this.withDetails(page.posts, page.feed_id),
      cursor: page.next_cursor,
      source: page.source,
      degraded: Boolean(page.degraded?.length),
    };
  }

  /** Posts whose photo or caption is near that of a post. */
  async similar(postId: string): Promise<FeedPost[]> {
    const token = await this.token();
    const answer = await fetch(`/api/posts/${encodeURIComponent(postId)}/similar?limit=${SIMILAR_POSTS}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { posts } = (await answer.json()) as { posts: Schemas["TimelinePost"][] };
    return this.withDetails(posts, undefined);
  }

  async add(kind: EventKind, posts: Pick<FeedPost, "id" | "feedId">[]): Promise<void> {
    unwrap(await this.warmline.POST("/interactions", { body: posts.map((post) => this.event(kind, post)) }));
  }

  async takeBack(kind: EventKind, post: Pick<FeedPost, "id" | "feedId">): Promise<void> {
    unwrap(await this.warmline.DELETE("/interactions", { body: [this.event(kind, post)] }));
  }

  /** Ask for more or less of something; what is returned undoes it. */
  async ask(direction: Direction, target: Target): Promise<() => Promise<void>> {
    const params = { path: { user_id: this.userId } };
    const said = unwrap(
      await this.warmline.POST("/users/{user_id}/preferences", { params, body: { [direction]: target } }),
    );
    return async () => {
      const preference_id = said.preference_id ?? "";
      const path = { user_id: this.userId, preference_id };
      unwrap(await this.warmline.DELETE("/users/{user_id}/preferences/{preference_id}", { params: { path } }));
    };
  }

  async follow(authorId: string, followed: boolean): Promise<void> {
    await follow(authorId, followed, await this.token());
  }

  private event(kind: EventKind, post: Pick<FeedPost, "id" | "feedId">) {
    return { user_id: this.userId, post_id: post.id, kind, ...(post.feedId && { feed_id: post.feedId }) };
  }

  private async withDetails(
    posts: { id: string; reason: string }[],
    feedId: string | undefined,
  ): Promise<FeedPost[]> {
    const details = await readPosts(
      posts.map((post) => post.id),
      await this.token(),
    );
    return posts.flatMap(({ id, reason }) => {
      const post = details.get(id);
      return post ? [{ ...post, reason, feedId }] : []; // deleted a moment ago
    });
  }

  /** The session's token; a new one in time. It is kept in memory alone. */
  private async token(): Promise<string> {
    this.session ??= openSession(this.userId);
    try {
      const session = await this.session;
      if (session.expires_at - Date.now() / 1000 > RENEW_SECONDS) return session.token;
      this.session = openSession(this.userId);
      return (await this.session).token;
    } catch (error) {
      this.session = undefined;
      throw error;
    }
  }
}
