// What your own backend has anyway: who is signed in, and what a post shows. Here it is `demo/feed`.

import type { Schemas } from "warmline-client";

export type Mode = Schemas["Mode"];

export interface AppUser {
  id: string;
  label: string;
}

export interface Config {
  users: AppUser[];
  /** Where the timeline's calls go. */
  api: string;
  /** The timeline's modes; empty if it has one timeline alone. */
  modes: Mode[];
  similar: boolean;
  /** Whether authors can be followed. */
  follows: boolean;
}

export interface Session {
  user_id: string;
  token: string;
  /** Seconds since 1970. */
  expires_at: number;
}

export interface PostDetails {
  id: string;
  author: { id: string; name: string };
  caption: string;
  photo: string | null;
  created_at: string;
  liked: boolean;
  followed: boolean;
}

export function readConfig(): Promise<Config> {
  return call<Config>("/demo/config");
}

export function openSession(userId: string): Promise<Session> {
  return call<Session>("/demo/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id: userId }),
  });
}

/** The posts that there are, by id. */
export async function readPosts(ids: string[], token: string): Promise<Map<string, PostDetails>> {
  if (ids.length === 0) return new Map();
  const query = new URLSearchParams(ids.map((id) => ["ids", id]));
  const answer = await call<{ posts: PostDetails[] }>(`/demo/posts?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return new Map(answer.posts.map((post) => [post.id, post]));
}

/** Follow an author, or end it: your backend tells the timeline, with its API key. */
export async function follow(authorId: string, followed: boolean, token: string): Promise<void> {
  const answer = await fetch(`/demo/follows/${encodeURIComponent(authorId)}`, {
    method: followed ? "PUT" : "DELETE",
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`follows: status ${answer.status}`);
}

async function call<Body>(path: string, init?: RequestInit): Promise<Body> {
  const answer = await fetch(path, init);
  if (!answer.ok) throw new Error(`${path.split("?")[0]}: status ${answer.status}`);
  return (await answer.json()) as Body;
}
