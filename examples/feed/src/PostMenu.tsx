// What can be said of a post: more, less, hide. Each is undone where the post stands.
import type { FeedPost } from "./account.ts";
import { Dialog } from "./Dialog.tsx";
import { Icon, type IconName } from "./Icons.tsx";

export type Say = "more-post" | "more-author" | "less-post" | "less-author" | "follow" | "unfollow" | "hide";

interface PostMenuProps {
  post: FeedPost;
  /** Undefined: nobody can be followed here. */
  followed: boolean | undefined;
  onSay: (say: Say) => void;
  onClose: () => void;
}

export function PostMenu({ post, followed, onSay, onClose }: PostMenuProps) {
  const choices: [Say, IconName, string][] = [
    ["more-post", "up", "More like this"],
    ["more-author", "up", `More from ${post.author.name}`],
    ["less-post", "down", "Less like this"],
    ["less-author", "down", `Less from ${post.author.name}`],
    ["hide", "hide", "Hide this post"],
  ];
  if (followed === false) choices.unshift(["follow", "follow", `Follow ${post.author.name}`]);
  if (followed) choices.unshift(["unfollow", "close", `Stop following ${post.author.name}`]);
  return (
    <Dialog title={`Post by ${post.author.name}`} className="menu" onClose={onClose}>
      <ul>
        {choices.map(([say, icon, label]) => (
          <li key={say}>
            <button type="button" onClick={() => onSay(say)}>
              <Icon name={icon} />
              {label}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
