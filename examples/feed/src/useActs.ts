// What the reader has done on this page: likes, and notes with an undo. Shown at once, taken back if it fails.
import { useCallback, useEffect, useState } from "react";

import type { Account, Direction, FeedPost, Target } from "./account.ts";
import type { Say } from "./PostMenu.tsx";

/** What stands on a post after something was said of it. */
export interface Note {
  said: Say;
  text: string;
  /** Whether the post itself is not shown any more. */
  gone: boolean;
  /** Absent until the timeline has taken it. */
  undo?: () => Promise<void>;
}

export interface Acts {
  isLiked: (post: FeedPost) => boolean;
  isFollowed: (post: FeedPost) => boolean;
  like: (post: FeedPost) => void;
  say: (post: FeedPost, say: Say) => void;
  undo: (post: FeedPost) => void;
  notes: Record<string, Note>;
  /** The last thing that failed, for the reader; empty if nothing did. */
  failure: string;
}

export function useActs(account: Account): Acts {
  const [liked, setLiked] = useState<Record<string, boolean>>({});
  const [followed, setFollowed] = useState<Record<string, boolean>>({}); // by author
  const [notes, setNotes] = useState<Record<string, Note>>({});
  const [failure, setFailure] = useState("");

  useEffect(() => {
    setLiked({});
    setFollowed({});
    setNotes({});
    setFailure("");
  }, [account]);

  const isLiked = useCallback((post: FeedPost) => liked[post.id] ?? post.liked, [liked]);

  const like = (post: FeedPost) => {
    const before = isLiked(post);
    setLiked((all) => ({ ...all, [post.id]: !before }));
    setFailure("");
    const sent = before ? account.takeBack("like", post) : account.add("like", [post]);
    sent.catch(() => {
      setLiked((all) => ({ ...all, [post.id]: before }));
      setFailure(before ? "The like could not be taken back. Try again." : "The like could not be sent. Try again.");
    });
  };

  const isFollowed = (post: FeedPost) => followed[post.author.id] ?? post.followed;
  const setFollows = (post: FeedPost, said: Say) =>
    isFollow(said) && setFollowed((all) => ({ ...all, [post.author.id]: said === "follow" }));

  const say = (post: FeedPost, said: Say) => {
    const note = noteOf(post, said);
    setNotes((all) => ({ ...all, [post.id]: note }));
    setFailure("");
    send(account, post, said).then(
      (undo) => {
        setFollows(post, said);
        setNotes((all) => ({ ...all, [post.id]: { ...note, undo } }));
      },
      () => {
        setNotes((all) => without(all, post.id));
        setFailure("That could not be sent. Try again.");
      },
    );
  };

  const undo = (post: FeedPost) => {
    const note = notes[post.id];
    if (!note?.undo) return;
    setNotes((all) => without(all, post.id));
    setFailure("");
    if (isFollow(note.said)) setFollows(post, note.said === "follow" ? "unfollow" : "follow");
    note.undo().catch(() => {
      setNotes((all) => ({ ...all, [post.id]: note }));
      setFailure("That could not be undone. Try again.");
    });
  };

  return { isLiked, isFollowed, like, say, undo, notes, failure };
}

/** Tell the timeline; what is returned takes it back. */
async function send(account: Account, post: FeedPost, said: Say): Promise<() => Promise<void>> {
  if (isFollow(said)) {
    await account.follow(post.author.id, said === "follow");
    return () => account.follow(post.author.id, said !== "follow");
  }
  if (said === "hide") {
    await account.add("hide", [post]);
    return () => account.takeBack("hide", post);
  }
  const [direction, what] = said.split("-") as [Direction, "post" | "author"];
  const target: Target = what === "post" ? { post: post.id } : { author: post.author.id };
  return account.ask(direction, target);
}

function noteOf(post: FeedPost, said: Say): Note {
  const { name } = post.author;
  const texts: Record<Say, string> = {
    "more-post": "You will see more like this.",
    "more-author": `You will see more from ${name}.`,
    "less-post": "You will see less like this.",
    "less-author": `You will see less from ${name}.`,
    follow: `You follow ${name}.`,
    unfollow: `You do not follow ${name} any more.`,
    hide: "Hidden. You will not see this post again.",
  };
  return { said, text: texts[said], gone: said === "hide" || said.startsWith("less") };
}

function isFollow(said: Say): boolean {
  return said === "follow" || said === "unfollow";
}

function without(notes: Record<string, Note>, id: string): Record<string, Note> {
  const { [id]: _, ...others } = notes;
  return others;
}
