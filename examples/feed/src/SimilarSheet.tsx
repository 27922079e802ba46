// Posts whose photo or caption is near that of one post; each leads on to its own.
import { useEffect, useState } from "react";

import type { Account, FeedPost } from "./account.ts";
import { Dialog } from "./Dialog.tsx";
import { Icon } from "./Icons.tsx";
import { Photo } from "./Photo.tsx";

interface SimilarSheetProps {
  account: Account;
  post: FeedPost;
  isLiked: (post: FeedPost) => boolean;
  onLike: (post: FeedPost) => void;
  onClose: () => void;
}

/** Whether a post is here for its photo or caption; the others fill the sheet up. */
const isNear = (post: FeedPost) => post.reason.startsWith("similar");

type Found = FeedPost[] | "loading" | "failed";

export function SimilarSheet({ account, post, isLiked, onLike, onClose }: SimilarSheetProps) {
  const [path, setPath] = useState([post]);
  const [found, setFound] = useState<Found>("loading");
  const current = path[path.length - 1] ?? post;
  const posts = Array.isArray(found) ? found : [];
  const near = posts.filter(isNear);
  const others = posts.filter((each) => !isNear(each));
  const tiles = { isLiked, onLike, onOpen: (each: FeedPost) => setPath([...path, each]) };

  useEffect(() => {
    let left = false;
    setFound("loading");
    account.similar(current.id).then(
      (posts) => left || setFound(posts),
      () => left || setFound("failed"),
    );
    return () => {
      left = true;
    };
  }, [account, current.id]);

  return (
    <Dialog title="Similar photos" className="similar" onClose={onClose}>
      <div className="asked">
        {path.length > 1 && (
          <button type="button" className="round" aria-label="Back" onClick={() => setPath(path.slice(0, -1))}>
            <Icon name="back" />
          </button>
        )}
        <Photo post={current} eager />
        <p>
          <strong>{current.author.name}</strong> {current.caption}
        </p>
      </div>
      <div aria-live="polite">
        {found === "loading" && <p className="quiet">Looking for similar photos …</p>}
        {found === "failed" && <p className="quiet">Similar photos cannot be had right now.</p>}
        {near.length === 0 && others.length > 0 && <p className="quiet">Nothing similar is known yet.</p>}
      </div>
      <Tiles posts={near} {...tiles} />
      {others.length > 0 && <h3>Popular</h3>}
      <Tiles posts={others} {...tiles} />
    </Dialog>
  );
}

interface TilesProps {
  posts: FeedPost[];
  isLiked: (post: FeedPost) => boolean;
  onLike: (post: FeedPost) => void;
  onOpen: (post: FeedPost) => void;
}

function Tiles({ posts, isLiked, onLike, onOpen }: TilesProps) {
  return (
    <ul className="grid">
      {posts.map((post) => (
        <li key={post.id} data-post={post.id}>
          <button type="button" className="tile" onClick={() => onOpen(post)}>
            <Photo post={post} />
            <span className="unseen">{`Similar to this one: ${post.caption}`}</span>
          </button>
          <button
            type="button"
            className="round like"
            aria-label={`Like the post by ${post.author.name}`}
            aria-pressed={isLiked(post)}
            onClick={() => onLike(post)}
          >
            <Icon name="heart" filled={isLiked(post)} />
          </button>
        </li>
      ))}
    </ul>
  );
}
