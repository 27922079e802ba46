// One post: author, photo, like, similar posts, what else can be said of it, and why it is here.
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";

import type { FeedPost } from "./account.ts";
import { Icon } from "./Icons.tsx";
import { Avatar, Photo } from "./Photo.tsx";
import { reasonOf, sourceOf, timeAgo } from "./words.ts";

interface PostCardProps {
  post: FeedPost;
  index: number;
  source: string;
  liked: boolean;
  note: ReactNode;
  /** Whether the note stands for the post, which is gone. */
  gone: boolean;
  looked: (element: HTMLElement | null) => (() => void) | void;
  onLike: () => void;
  onSimilar: (() => void) | undefined;
  onMenu: () => void;
}

const EAGER_PHOTOS = 2; // the first screen's

export function PostCard(props: PostCardProps) {
  const { post, index, source, liked, note, gone, looked, onLike, onSimilar, onMenu } = props;
  const name = useId();
  return (
    <article
      className="card"
      tabIndex={0}
      aria-labelledby={name}
      aria-posinset={index + 1}
      aria-setsize={-1}
      data-post={post.id}
      data-author={post.author.id}
      onKeyDown={moveByPage}
    >
      {note}
      {!gone && (
        <>
          <header className="card-head">
            <Avatar id={post.author.id} name={post.author.name} />
            <h2 id={name}>{post.author.name}</h2>
            <time dateTime={post.created_at}>{timeAgo(post.created_at)}</time>
            <button type="button" className="round" aria-haspopup="dialog" aria-label={`More about the post by ${post.author.name}`} onClick={onMenu}>
              <Icon name="dots" />
            </button>
          </header>
          <div className="frame" ref={looked} onDoubleClick={() => !liked && onLike()}>
            <Photo post={post} eager={index < EAGER_PHOTOS} />
          </div>
          <div className="acts">
            <button type="button" className="act like" aria-pressed={liked} onClick={onLike}>
              <Icon name="heart" filled={liked} />
              {liked ? "Liked" : "Like"}
            </button>
            {onSimilar && (
              <button type="button" className="act" aria-haspopup="dialog" onClick={onSimilar}>
                <Icon name="alike" />
                Similar
              </button>
            )}
            <Why post={post} source={source} />
          </div>
          {post.caption && <p className="caption">{post.caption}</p>}
        </>
      )}
      {gone && <span id={name} className="unseen">{`Post by ${post.author.name}`}</span>}
    </article>
  );
}

function Why({ post, source }: { post: FeedPost; source: string }) {
  const [open, setOpen] = useState(false);
  const text = useId();
  const reason = reasonOf(post.reason);
  return (
    <>
      <button type="button" className="act why" aria-expanded={open} aria-controls={text} onClick={() => setOpen(!open)}>
        <span>
          <span className="unseen">Why this? </span>
          {reason.short}
        </span>
        <Icon name="why" />
      </button>
      <p id={text} className="reason" hidden={!open}>
        {reason.long} {sourceOf(source)}
      </p>
    </>
  );
}

/** Page Up and Page Down go from post to post, as readers of screens expect of a feed. */
function moveByPage(event: KeyboardEvent<HTMLElement>) {
  if (event.target !== event.currentTarget) return;
  const step = { PageDown: "nextElementSibling", PageUp: "previousElementSibling" } as const;
  const direction = step[event.key as keyof typeof step];
  const other = direction && event.currentTarget[direction];
  if (other instanceof HTMLElement) {
    event.preventDefault();
    other.focus();
  }
}
