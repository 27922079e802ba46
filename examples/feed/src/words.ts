// What the timeline's codes mean, in the words of a reader.

import type { Mode } from "./backend.ts";

interface Reason {
  short: string;
  long: string;
}

const REASONS: Record<string, Reason> = {
  popular: { short: "Popular right now", long: "Many people liked this photo lately." },
  recent: { short: "New", long: "It was posted a short time ago." },
  new: { short: "Just posted", long: "One place in ten is kept for new photos that few people have seen yet." },
  for_you: { short: "For you", long: "People who like what you like also like photos such as this one." },
  similar_photo: { short: "Looks like photos you like", long: "The photo itself resembles photos that you liked." },
  similar_caption: { short: "About things you like", long: "Its caption resembles those of photos that you liked." },
  you_asked: { short: "You asked for more of this", long: "You said that you want more like this." },
  following: { short: "You follow them", long: "It is by somebody whom you follow." },
};

const SOURCES: Record<string, string> = {
  neucf: "Your list comes from the model, which learns from everybody's likes.",
  heuristic: "Your list goes by what is popular and new.",
  everyone: "This is everyone's list: there is none of your own yet.",
  snapshot: "This is the last list that the server remembers.",
  following: "You see posts of people whom you follow.",
  latest: "You see everybody's posts, the newest first.",
  explore: "You see what others like; the order changes each day.",
  newest: "These are simply the newest photos.",
};

export function reasonOf(code: string): Reason {
  const known = REASONS[code.split(":")[0] ?? ""];
  return known ?? { short: "Suggested", long: "The timeline put it here." };
}

export function sourceOf(source: string): string {
  return SOURCES[source] ?? "";
}

const MODES: Record<Mode, string> = {
  for_you: "For you",
  following: "Following",
  latest: "Latest",
  explore: "Explore",
};

export function modeName(mode: Mode): string {
  return MODES[mode] ?? mode;
}

export function emptyFeed(mode: Mode | undefined): string {
  return mode === "following" ? "You follow nobody who has posted lately. " : "Nothing to show yet. ";
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const OLDEST_DAYS = 30; // older posts show their date

export function timeAgo(created: string, now = Date.now()): string {
  const seconds = (now - Date.parse(created)) / 1000;
  if (seconds > OLDEST_DAYS * 86_400) return DATE.format(new Date(created));
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return AGO.format(-Math.floor(seconds / length), unit);
  }
  return "now";
}
