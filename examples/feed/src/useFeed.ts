// The pages of one feed, one after the other: loaded when the reader comes near the end of what is shown.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { WarmlineProblem } from "warmline-client";

import type { Account, FeedPost } from "./account.ts";
import type { Mode } from "./backend.ts";

export type FeedState = "loading" | "more" | "end" | "failed";

export interface Feed {
  posts: FeedPost[];
  state: FeedState;
  source: string;
  degraded: boolean;
  /** Load the next page, or the first one again after a failure. */
  next: () => void;
}

const NOTHING = { posts: [] as FeedPost[], cursor: null as string | null, source: "", degraded: false };

/** `visit` counts refreshes: a new one begins with a first page. */
export function useFeed(account: Account, mode: Mode | undefined, visit: number): Feed {
  const [shown, setShown] = useState(NOTHING);
  const [state, setState] = useState<FeedState>("loading");
  // A first page whose answer was lost is asked for again by the same id: else its posts would count as seen.
  const requestId = useMemo(() => `${visit}-${newId()}`, [account, mode, visit]);
  const running = useRef<AbortController | undefined>(undefined);

  const load = useCallback(
    async (cursor: string | null) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setState("loading");
      try {
        const page = await account.page(mode, requestId, cursor, controller.signal);
        if (controller.signal.aborted) return;
        setShown((before) => ({ ...page, posts: cursor ? [...before.posts, ...page.posts] : page.posts }));
        setState(page.cursor ? "more" : "end");
      } catch (error) {
        if (controller.signal.aborted) return;
        // A cursor lives for some time only; then the reader begins anew.
        if (cursor && error instanceof WarmlineProblem && error.type.endsWith("invalid-cursor")) return void load(null);
        setState("failed");
      }
    },
    [account, mode, requestId],
  );

  useEffect(() => {
    setShown(NOTHING);
    void load(null);
    return () => running.current?.abort();
  }, [load]);

  const next = useCallback(() => {
    if (state === "more" || state === "failed") void load(shown.cursor);
  }, [load, shown.cursor, state]);

  return { posts: shown.posts, state, source: shown.source, degraded: shown.degraded, next };
}

/** 32 random hexadecimal digits; `randomUUID` is there in secure contexts alone, and a phone may try a demo by http. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
