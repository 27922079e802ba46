"""Small copies of what three well-known apps' tables look like, and views over them in the schema `feed`.

Some rows stand in each table; `LARGE` then has PostgreSQL believe that they were counted when there were many more.
"""

LARGE = "UPDATE pg_class SET reltuples = 50000 WHERE relkind IN ('r', 'p') AND relnamespace = 'app'::regnamespace"

MASTODON = """
CREATE SCHEMA app; CREATE SCHEMA feed; SET search_path = app;
CREATE TABLE accounts (id bigint PRIMARY KEY, created_at timestamp NOT NULL, suspended_at timestamp);
CREATE TABLE statuses (id bigint PRIMARY KEY, account_id bigint, text text, created_at timestamp NOT NULL,
    deleted_at timestamp, visibility int DEFAULT 0, reblog_of_id bigint, in_reply_to_id bigint,
    ordered_media_attachment_ids bigint[]);
CREATE TABLE media_attachments (id bigint PRIMARY KEY, status_id bigint, type int DEFAULT 0, file_file_name varchar);
CREATE TABLE favourites (id bigserial PRIMARY KEY, account_id bigint, status_id bigint, created_at timestamp);
CREATE TABLE bookmarks (id bigserial PRIMARY KEY, account_id bigint, status_id bigint, created_at timestamp);
CREATE TABLE blocks (id bigserial PRIMARY KEY, account_id bigint, target_account_id bigint, created_at timestamp);
CREATE TABLE mutes (id bigserial PRIMARY KEY, account_id bigint, target_account_id bigint, created_at timestamp,
    expires_at timestamp);
INSERT INTO accounts SELECT n, now() - interval '90 days' FROM generate_series(1, 100) n;
INSERT INTO statuses SELECT n, n, 'post ' || n, now() - n * interval '1 hour' FROM generate_series(1, 100) n;
INSERT INTO media_attachments SELECT n, n, 0, n || '.jpg' FROM generate_series(1, 100) n;
INSERT INTO favourites SELECT n, n, n, now() - n * interval '1 minute' FROM generate_series(1, 100) n;
INSERT INTO bookmarks SELECT n, n, n, now() - n * interval '1 minute' FROM generate_series(1, 100) n;
INSERT INTO blocks SELECT n, n, n + 1, now() FROM generate_series(1, 50) n;
INSERT INTO mutes SELECT n, n, n + 2, now() FROM generate_series(1, 50) n;
CREATE VIEW feed.users AS SELECT id::text AS id, created_at AT TIME ZONE 'UTC' AS created_at FROM accounts
    WHERE suspended_at IS NULL;
CREATE VIEW feed.posts AS
    SELECT s.id::text AS id, s.account_id::text AS author_id, coalesce(s.text, '') AS caption,
        (SELECT m.file_file_name FROM media_attachments m WHERE m.status_id = s.id AND m.type = 0
         ORDER BY array_position(s.ordered_media_attachment_ids, m.id), m.id LIMIT 1)::text AS image_url,
        s.created_at AT TIME ZONE 'UTC' AS created_at, s.deleted_at AT TIME ZONE 'UTC' AS deleted_at
    FROM statuses s JOIN accounts a ON a.id = s.account_id
    WHERE s.visibility = 0 AND a.suspended_at IS NULL
        AND EXISTS (SELECT 1 FROM media_attachments m WHERE m.status_id = s.id AND m.type = 0);
CREATE VIEW feed.interactions AS
    SELECT account_id::text AS user_id, status_id::text AS post_id, 'like'::text AS kind,
        created_at AT TIME ZONE 'UTC' AS created_at FROM favourites
    UNION ALL SELECT account_id::text, status_id::text, 'save', created_at AT TIME ZONE 'UTC' FROM bookmarks
    UNION ALL SELECT account_id::text, reblog_of_id::text, 'share', created_at AT TIME ZONE 'UTC' FROM statuses
        WHERE reblog_of_id IS NOT NULL
    UNION ALL SELECT account_id::text, in_reply_to_id::text, 'comment', created_at AT TIME ZONE 'UTC' FROM statuses
        WHERE in_reply_to_id IS NOT NULL;
CREATE VIEW feed.blocks AS
    SELECT account_id::text AS user_id, target_account_id::text AS blocked_user_id,
        created_at AT TIME ZONE 'UTC' AS created_at FROM blocks
    UNION ALL SELECT account_id::text, target_account_id::text, created_at AT TIME ZONE 'UTC' FROM mutes
        WHERE expires_at IS NULL;
ANALYZE;
"""

# Times stand in the ids; names are mixed case; one table is called "user".
MISSKEY = """
CREATE SCHEMA app; CREATE SCHEMA feed; SET search_path = app;
CREATE FUNCTION aid(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'amzw' || lpad(n::text, 12, '0') $$;
CREATE FUNCTION aid_time(id text) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_timestamp((946684800000 + (SELECT sum((strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(id, g, 1))
    - 1)::bigint * (36::bigint ^ (8 - g))::bigint) FROM generate_series(1, 8) g))::double precision / 1000) $$;
CREATE TABLE "user" (id varchar(32) PRIMARY KEY, "isSuspended" boolean DEFAULT false);
CREATE TABLE drive_file (id varchar(32) PRIMARY KEY, "accessKey" varchar);
CREATE TABLE note (id varchar(32) PRIMARY KEY, "userId" varchar(32), text text, "fileIds" varchar(32)[],
    "replyId" varchar(32), "renoteId" varchar(32));
CREATE TABLE note_reaction (id varchar(32) PRIMARY KEY, "userId" varchar(32), "noteId" varchar(32));
CREATE TABLE blocking (id varchar(32) PRIMARY KEY, "blockerId" varchar(32), "blockeeId" varchar(32));
INSERT INTO "user" SELECT aid(n) FROM generate_series(1, 100) n;
INSERT INTO drive_file SELECT aid(n), 'file' || n FROM generate_series(1, 100) n;
INSERT INTO note SELECT aid(n), aid(n), 'note ' || n, ARRAY[aid(n)] FROM generate_series(1, 100) n;
INSERT INTO note_reaction SELECT aid(n), aid(n), aid(n) FROM generate_series(1, 100) n;
INSERT INTO blocking SELECT aid(n), aid(n), aid(n + 1) FROM generate_series(1, 50) n;
CREATE VIEW feed.users AS SELECT id::text AS id, aid_time(id) AS created_at FROM "user" WHERE NOT "isSuspended";
CREATE VIEW feed.posts AS
    SELECT n.id, n."userId" AS author_id, coalesce(n.text, '') AS caption, f."accessKey" AS image_url,
        aid_time(n.id) AS created_at, NULL::timestamptz AS deleted_at
    FROM note n JOIN "user" u ON u.id = n."userId" JOIN drive_file f ON f.id = n."fileIds"[1]
    WHERE n."replyId" IS NULL AND n."renoteId" IS NULL AND NOT u."isSuspended";
CREATE VIEW feed.interactions AS
    SELECT "userId" AS user_id, "noteId" AS post_id, 'like'::text AS kind, aid_time(id) AS created_at
        FROM note_reaction
    UNION ALL SELECT "userId", "renoteId", 'share', aid_time(id) FROM note WHERE "renoteId" IS NOT NULL
    UNION ALL SELECT "userId", "replyId", 'comment', aid_time(id) FROM note WHERE "replyId" IS NOT NULL;
CREATE VIEW feed.blocks AS SELECT "blockerId" AS user_id, "blockeeId" AS blocked_user_id,
    aid_time(id) AS created_at FROM blocking;
ANALYZE;
"""

# Whole numbers as ids, flags in place of times, and one row for everything that a person did with a post.
LEMMY = """
CREATE SCHEMA app; CREATE SCHEMA feed; SET search_path = app;
CREATE TABLE person (id serial PRIMARY KEY, published timestamptz DEFAULT now(), banned boolean DEFAULT false);
CREATE TABLE post (id serial PRIMARY KEY, name varchar, creator_id int, url varchar, published timestamptz,
    removed boolean DEFAULT false);
CREATE TABLE post_actions (person_id int, post_id int, liked timestamptz, saved timestamptz,
    PRIMARY KEY (person_id, post_id));
CREATE TABLE person_actions (person_id int, target_id int, blocked timestamptz, PRIMARY KEY (person_id, target_id));
INSERT INTO person (published) SELECT now() - interval '9 days' FROM generate_series(1, 100) n;
INSERT INTO post SELECT n, 'post ' || n, n, 'https://x/' || n || '.jpg', now() - n * interval '1 hour'
    FROM generate_series(1, 100) n;
INSERT INTO post_actions SELECT n, n, now(), CASE WHEN mod(n, 3) = 0 THEN now() END FROM generate_series(1, 100) n;
INSERT INTO person_actions SELECT n, n + 1, now() FROM generate_series(1, 50) n;
CREATE VIEW feed.users AS SELECT id::text AS id, published AS created_at FROM person WHERE NOT banned;
CREATE VIEW feed.posts AS SELECT id::text AS id, creator_id::text AS author_id, name::text AS caption,
    url::text AS image_url, published AS created_at, CASE WHEN removed THEN now() END AS deleted_at FROM post;
CREATE VIEW feed.interactions AS SELECT a.person_id::text AS user_id, a.post_id::text AS post_id, e.kind,
    e.at AS created_at FROM post_actions a
    CROSS JOIN LATERAL (VALUES ('like', a.liked), ('save', a.saved)) e(kind, at) WHERE e.at IS NOT NULL;
CREATE VIEW feed.blocks AS SELECT person_id::text AS user_id, target_id::text AS blocked_user_id,
    blocked AS created_at FROM person_actions WHERE blocked IS NOT NULL;
ANALYZE;
"""

# What no index helps, and what PostgreSQL makes none of: one thing in each lookup.
PECULIAR = """
CREATE SCHEMA app; CREATE SCHEMA feed; SET search_path = app;
CREATE FUNCTION shifted(at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN at; END $$;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE users (id colour PRIMARY KEY, created_at timestamp);
CREATE TABLE posts (id bigint, user_id bigint, created_at timestamptz) PARTITION BY RANGE (created_at);
CREATE TABLE posts_old PARTITION OF posts FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE posts_new PARTITION OF posts FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE TABLE reports (post_id text);
CREATE TABLE views (user_id text, post_id text, at timestamptz);
CREATE TABLE likes (user_id text, post_id text, at timestamptz);
CREATE TABLE saves (user_id text, post_id text, at timestamptz);
INSERT INTO saves SELECT n, n, now() FROM generate_series(1, 100) n;
CREATE TABLE "Blocks" ("By" text, "Whom" text, at timestamptz);
INSERT INTO users SELECT unnest(enum_range(NULL::colour)), now();
INSERT INTO posts SELECT n, n, now() FROM generate_series(1, 100) n;
INSERT INTO reports SELECT n FROM generate_series(1, 100) n;
INSERT INTO views SELECT n, n, now() FROM generate_series(1, 100) n;
INSERT INTO likes SELECT n, n, now() FROM generate_series(1, 100) n;
INSERT INTO "Blocks" SELECT n, n + 1, now() FROM generate_series(1, 100) n;
CREATE TABLE mutes (by_id int, whom_id int, at timestamptz);
INSERT INTO mutes SELECT n, n + 1, now() FROM generate_series(1, 100) n;
CREATE INDEX ON "Blocks" ("Whom");
CREATE VIEW feed.users AS SELECT id::text AS id, created_at::timestamptz AS created_at FROM users;
CREATE VIEW feed.posts AS SELECT p.id::text AS id, p.user_id::text AS author_id, ''::text AS caption,
    NULL::text AS image_url, p.created_at, NULL::timestamptz AS deleted_at FROM posts p
    WHERE p.id::text NOT IN (SELECT post_id FROM reports);
CREATE VIEW feed.interactions AS
    SELECT user_id, post_id, 'view'::text AS kind, max(at) AS created_at FROM views GROUP BY user_id, post_id
    UNION ALL SELECT user_id, post_id, 'like', shifted(at) FROM likes
    UNION ALL SELECT user_id, post_id, 'save', at + interval '9 hours' FROM saves;
CREATE VIEW feed.blocks AS SELECT "By" AS user_id, "Whom" AS blocked_user_id, at AS created_at FROM "Blocks"
    UNION ALL SELECT 'user-' || by_id, whom_id || '-user', at FROM mutes;
ANALYZE;
"""
