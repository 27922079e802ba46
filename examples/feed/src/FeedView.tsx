// The feed of one user in one mode: cards without end, and the sheets that a card opens.
import { useEffect, useRef, useState } from "react";

import type { Account, FeedPost } from "./account.ts";
import type { Mode } from "./backend.ts";
import { PostCard } from "./PostCard.tsx";
import { PostMenu } from "./PostMenu.tsx";
import { SimilarSheet } from "./SimilarSheet.tsx";
import { useActs, type Note } from "./useActs.ts";
import { useFeed, type Feed } from "./useFeed.ts";
import { useViews } from "./useViews.ts";
import { emptyFeed } from "./words.ts";

interface FeedViewProps {
  account: Account;
  mode: Mode | undefined;
  visit: number;
  hasSimilar: boolean;
  hasFollows: boolean;
  onRefresh: () => void;
}

export function FeedView({ account, mode, visit, hasSimilar, hasFollows, onRefresh }: FeedViewProps) {
  const feed = useFeed(account, mode, visit);
  const acts = useActs(account);
  const looked = useViews(account);
  const [menu, setMenu] = useState<FeedPost>();
  const [similar, setSimilar] = useState<FeedPost>();

  return (
    <>
      <h1 className="unseen">Feed</h1>
      {feed.degraded && <p className="notice">Some of the service is away; you see what there is.</p>}
      <div role="feed" aria-label="Posts" aria-busy={feed.state === "loading"}>
        {feed.posts.map((post, index) => {
          const note = acts.notes[post.id];
          return (
            <PostCard
              key={post.id}
              post={post}
              index={index}
              source={feed.source}
              liked={acts.isLiked(post)}
              note={note && <NoteBar note={note} onUndo={() => acts.undo(post)} />}
              gone={note?.gone ?? false}
              looked={looked(post)}
              onLike={() => acts.like(post)}
              onSimilar={hasSimilar ? () => setSimilar(post) : undefined}
              onMenu={() => setMenu(post)}
            />
          );
        })}
      </div>
      <FeedEnd feed={feed} mode={mode} onRefresh={onRefresh} />
      <p className="failure" role="alert">
        {acts.failure}
      </p>
      {menu && (
        <PostMenu
          post={menu}
          followed={hasFollows ? acts.isFollowed(menu) : undefined}
          onClose={() => setMenu(undefined)}
          onSay={(say) => {
            setMenu(undefined);
            acts.say(menu, say);
          }}
        />
      )}
      {similar && (
        <SimilarSheet
          account={account}
          post={similar}
          isLiked={acts.isLiked}
          onLike={acts.like}
          onClose={() => setSimilar(undefined)}
        />
      )}
    </>
  );
}

function NoteBar({ note, onUndo }: { note: Note; onUndo: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  const ready = Boolean(note.undo);
  useEffect(() => {
    if (ready) button.current?.focus({ preventScroll: true }); // the menu is gone; the next thing to press is here
  }, [ready]);
  return (
    <div className="note">
      <span role="status">{note.text}</span>
      <button ref={button} type="button" disabled={!ready} onClick={onUndo}>
        Undo
      </button>
    </div>
  );
}

const AHEAD = "1200px"; // the next page is asked for before the reader is at the end

function FeedEnd({ feed, mode, onRefresh }: { feed: Feed; mode: Mode | undefined; onRefresh: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const { state, next, posts } = feed;

  useEffect(() => {
    const element = end.current;
    if (!element || state !== "more") return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && next(), { rootMargin: AHEAD });
    observer.observe(element);
    return () => observer.disconnect();
  }, [state, next]);

  return (
    <div className="end" ref={end}>
      {state === "loading" && (posts.length === 0 ? <Skeleton /> : <p className="quiet">Loading more …</p>)}
      {state === "failed" && (
        <p className="quiet">
          The feed cannot be reached. <button type="button" onClick={next}>Try again</button>
        </p>
      )}
      {state === "end" && (
        <p className="quiet">
          {posts.length === 0 ? emptyFeed(mode) : "That was everything. "}
          <button type="button" onClick={onRefresh}>Start again</button>
        </p>
      )}
    </div>
  );
}

function Skeleton() {
  return (
    <div className="skeleton">
      <p className="unseen">Loading the feed …</p>
      <div className="bone bone-head" />
      <div className="bone photo" />
      <div className="bone bone-head" />
      <div className="bone photo" />
    </div>
  );
}
