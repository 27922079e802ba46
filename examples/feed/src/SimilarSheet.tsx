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

type Found = FeedPost[] | "loading" | "failed";

export function SimilarSheet({ account, post, isLiked, onLike, onClose }: SimilarSheetProps) {
  const [path, setPath] = useState([post]);
  const [found, setFound] = useState<Found>("loading");
  const current = path[path.length - 1] ?? post;

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
        {Array.isArray(found) && found.length === 0 && <p className="quiet">Nothing is similar enough yet.</p>}
      </div>
      {Array.isArray(found) && (
        <ul className="grid">
          {found.map((each) => (
            <li key={each.id} data-post={each.id}>
              <button type="button" className="tile" onClick={() => setPath([...path, each])}>
                <Photo post={each} />
                <span className="unseen">{`Similar to this one: ${each.caption}`}</span>
              </button>
              <button
                type="button"
                className="round like"
                aria-label={`Like the post by ${each.author.name}`}
                aria-pressed={isLiked(each)}
                onClick={() => onLike(each)}
              >
                <Icon name="heart" filled={isLiked(each)} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
