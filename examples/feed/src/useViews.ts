// Tells the timeline which posts were looked at: half of the photo on the screen, for a second.
import { useCallback, useEffect, useRef } from "react";

import type { Account, FeedPost } from "./account.ts";

const LOOKED_MS = 1_000;
const SEND_MS = 5_000; // views are sent together
const MOST_WAITING = 200;

/** A function for the `ref` of an element that shows a post. */
export function useViews(account: Account): (post: FeedPost) => (element: HTMLElement | null) => (() => void) | void {
  const waiting = useRef<FeedPost[]>([]);
  const told = useRef(new Set<string>());

  useEffect(() => {
    told.current.clear();
    const send = () => {
      const posts = waiting.current.splice(0);
      // Views that are lost do no harm: a page counts its posts as seen by itself.
      if (posts.length > 0) account.add("view", posts).catch(() => undefined);
    };
    const timer = setInterval(send, SEND_MS);
    return () => {
      clearInterval(timer);
      send();
    };
  }, [account]);

  return useCallback((post) => {
    return (element) => {
      if (!element) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const observer = new IntersectionObserver(
        ([entry]) => {
          clearTimeout(timer);
          if (!entry?.isIntersecting || told.current.has(post.id)) return;
          timer = setTimeout(() => {
            told.current.add(post.id);
            if (waiting.current.length < MOST_WAITING) waiting.current.push(post);
          }, LOOKED_MS);
        },
        { threshold: 0.5 },
      );
      observer.observe(element);
      return () => {
        clearTimeout(timer);
        observer.disconnect();
      };
    };
  }, []);
}
