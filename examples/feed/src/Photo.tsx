import { useState } from "react";

import type { FeedPost } from "./account.ts";

/** A post's photo in a frame of a fixed shape, so that nothing moves when it arrives. */
export function Photo({ post, eager = false }: { post: FeedPost; eager?: boolean }) {
  const [failed, setFailed] = useState(false);
  if (!post.photo || failed) return <div className="photo photo-none">{post.caption || "No photo"}</div>;
  return (
    <img
      className="photo"
      src={post.photo}
      alt={`Photo by ${post.author.name}`}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      onError={() => setFailed(true)}
    />
  );
}

const HUES = 12;

export function Avatar({ id, name }: { id: string; name: string }) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9_973;
  return (
    <span className={`avatar hue-${sum % HUES}`} aria-hidden="true">
      {name.slice(0, 1)}
    </span>
  );
}
