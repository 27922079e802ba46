// Uses the client against a running timeline, such as that of `make demo`:
//   set -a; . .warmline/demo.env; set +a; node clients/typescript/smoke.ts
import { createWarmline, unwrap, WarmlineProblem } from "./src/index.ts";

const { WARMLINE_TIMELINE_URL, WARMLINE_API_KEY, WARMLINE_DEMO_WARM_USER } = process.env;
const user_id = WARMLINE_DEMO_WARM_USER ?? "";
const warmline = createWarmline({ baseUrl: WARMLINE_TIMELINE_URL ?? "", token: () => WARMLINE_API_KEY ?? "" });
const path = { user_id };

const page = unwrap(await warmline.GET("/timeline/{user_id}", { params: { path, query: { limit: 5 } } }));
const post_id = page.posts[0]?.id ?? "";
const event = { user_id, post_id, kind: "like" as const, feed_id: page.feed_id };
const added = unwrap(await warmline.POST("/interactions", { body: [event] }));
const taken = unwrap(await warmline.DELETE("/interactions", { body: [event] }));
const asked = unwrap(
  await warmline.POST("/users/{user_id}/preferences", { params: { path }, body: { less: { post: post_id } } }),
);
const preference_id = asked.preference_id ?? "";
unwrap(
  await warmline.DELETE("/users/{user_id}/preferences/{preference_id}", { params: { path: { user_id, preference_id } } }),
);
const refused = await warmline.GET("/timeline/{user_id}", { params: { path, query: { cursor: "none" } } }).then(unwrap).catch(
  (error: unknown) => (error instanceof WarmlineProblem ? error.type : "no problem"),
);
console.log(JSON.stringify({ posts: page.posts.length, accepted: added.accepted, taken: taken.accepted, refused }));
