CREATE SCHEMA team;
CREATE SCHEMA warmline;
CREATE TABLE team.their_blocks (
    user_id text,
    blocked_user_id text,
    created_at timestamp with time zone
);
CREATE VIEW team.blocks AS
 SELECT user_id,
    blocked_user_id,
    created_at
   FROM team.their_blocks;
CREATE TABLE team.their_interactions (
    user_id text,
    post_id text,
    kind text,
    created_at timestamp with time zone
);
CREATE VIEW team.interactions AS
 SELECT user_id,
    post_id,
    kind,
    created_at
   FROM team.their_interactions;
CREATE TABLE team.their_posts (
    id text,
    author_id text,
    caption text,
    image_url text,
    created_at timestamp with time zone,
    deleted_at timestamp with time zone
);
CREATE VIEW team.posts AS
 SELECT id,
    author_id,
    caption,
    image_url,
    created_at,
    deleted_at
   FROM team.their_posts;
CREATE TABLE team.their_users (
    id text,
    created_at timestamp with time zone
);
CREATE VIEW team.users AS
 SELECT id,
    created_at
   FROM team.their_users;
CREATE TABLE warmline.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE warmline.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    who text NOT NULL,
    deed text NOT NULL,
    was text,
    became text
);
ALTER TABLE warmline.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warmline.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE warmline.blocks (
    user_id text NOT NULL,
    blocked_user_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE warmline.erasures (
    user_id text NOT NULL,
    post_ids text[] NOT NULL,
    rows integer[] NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE warmline.feed_counts (
    source text NOT NULL,
    generation bigint NOT NULL,
    kind text NOT NULL,
    events bigint NOT NULL
);
CREATE SEQUENCE warmline.fences
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE warmline.heartbeats (
    service text NOT NULL,
    worker text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE warmline.installation (
    id text NOT NULL,
    salt text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    secret text NOT NULL
);
CREATE TABLE warmline.interactions (
    user_id text NOT NULL,
    post_id text NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    event_id text,
    source text,
    generation bigint,
    "position" integer
);
CREATE TABLE warmline.model_aliases (
    alias text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT model_aliases_alias CHECK ((alias = ANY (ARRAY['champion'::text, 'previous'::text])))
);
CREATE TABLE warmline.model_versions (
    version bigint NOT NULL,
    run_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    folder text NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL,
    verdict text NOT NULL,
    report jsonb NOT NULL,
    CONSTRAINT model_versions_state CHECK ((state = ANY (ARRAY['accepted'::text, 'rejected'::text])))
);
ALTER TABLE warmline.model_versions ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warmline.model_versions_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE warmline.phase_changes (
    version bigint NOT NULL,
    phase text NOT NULL,
    rollout_percent double precision NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT phase_changes_percent CHECK (((rollout_percent >= (0)::double precision) AND (rollout_percent <= (100)::double precision))),
    CONSTRAINT phase_changes_phase CHECK ((phase = ANY (ARRAY['heuristic'::text, 'neucf'::text])))
);
ALTER TABLE warmline.phase_changes ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warmline.phase_changes_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE warmline.photo_clusters
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE warmline.post_rows (
    "row" integer NOT NULL,
    post_id text NOT NULL,
    last_candidate_on date DEFAULT CURRENT_DATE NOT NULL,
    removed_at timestamp with time zone
);
ALTER TABLE warmline.post_rows ALTER COLUMN "row" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warmline.post_rows_row_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE warmline.post_vectors (
    post_id text NOT NULL,
    part text NOT NULL,
    source_hash text NOT NULL,
    encoder text NOT NULL,
    vector bytea,
    encoded_at timestamp with time zone DEFAULT now() NOT NULL,
    failure text,
    attempts integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone,
    fingerprint bytea,
    cluster integer,
    CONSTRAINT post_vectors_part CHECK ((part = ANY (ARRAY['image'::text, 'caption'::text]))),
    CONSTRAINT post_vectors_vector_or_failure CHECK (((vector IS NULL) = (failure IS NOT NULL)))
);
CREATE TABLE warmline.posts (
    id text NOT NULL,
    author_id text NOT NULL,
    caption text DEFAULT ''::text NOT NULL,
    image_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE warmline.runs (
    id bigint NOT NULL,
    job text NOT NULL,
    state text DEFAULT 'requested'::text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    worker text,
    fence bigint,
    started_at timestamp with time zone,
    lease_until timestamp with time zone,
    finished_at timestamp with time zone,
    report jsonb,
    error text,
    CONSTRAINT runs_state CHECK ((state = ANY (ARRAY['requested'::text, 'running'::text, 'done'::text, 'failed'::text])))
);
ALTER TABLE warmline.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warmline.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE warmline.tombstones (
    relation text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    digest bytea NOT NULL
);
CREATE TABLE warmline.users (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE warmline.viewer_versions
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
INSERT INTO team.their_blocks VALUES
	('erase-me', 'author3', '2026-11-29 22:56:00.410656+00'),
	('author5', 'erase-me', '2026-11-29 22:56:00.420311+00'),
	('erase-me-too', 'author3', '2026-11-29 22:56:00.457585+00'),
	('author5', 'erase-me-too', '2026-11-29 22:56:00.471129+00');
INSERT INTO team.their_interactions VALUES
	('fan0', 'p00', 'view', '2026-11-29 22:55:49.931005+00'),
	('fan0', 'p09', 'view', '2026-11-29 22:55:50.931005+00'),
	('fan0', 'p18', 'view', '2026-11-29 22:55:51.931005+00'),
	('fan0', 'p27', 'view', '2026-11-29 22:55:52.931005+00'),
	('fan0', 'p36', 'view', '2026-11-29 22:55:53.931005+00'),
	('fan0', 'p45', 'view', '2026-11-29 22:55:54.931005+00'),
	('fan0', 'p54', 'view', '2026-11-29 22:55:55.931005+00'),
	('fan0', 'p63', 'view', '2026-11-29 22:55:56.931005+00'),
	('fan0', 'p72', 'view', '2026-11-29 22:55:57.931005+00'),
	('fan0', 'p81', 'view', '2026-11-29 22:55:58.931005+00'),
	('fan0', 'p00', 'like', '2026-11-29 22:55:53.951002+00'),
	('fan0', 'p17', 'like', '2026-11-29 22:55:54.951002+00'),
	('fan0', 'p34', 'like', '2026-11-29 22:55:55.951002+00'),
	('fan0', 'p51', 'like', '2026-11-29 22:55:56.951002+00'),
	('fan0', 'p68', 'like', '2026-11-29 22:55:57.951002+00'),
	('fan0', 'p85', 'like', '2026-11-29 22:55:58.951002+00'),
	('fan1', 'p07', 'view', '2026-11-29 22:55:49.976948+00'),
	('fan1', 'p16', 'view', '2026-11-29 22:55:50.976948+00'),
	('fan1', 'p25', 'view', '2026-11-29 22:55:51.976948+00'),
	('fan1', 'p34', 'view', '2026-11-29 22:55:52.976948+00'),
	('fan1', 'p43', 'view', '2026-11-29 22:55:53.976948+00'),
	('fan1', 'p52', 'view', '2026-11-29 22:55:54.976948+00'),
	('fan1', 'p61', 'view', '2026-11-29 22:55:55.976948+00'),
	('fan1', 'p70', 'view', '2026-11-29 22:55:56.976948+00'),
	('fan1', 'p79', 'view', '2026-11-29 22:55:57.976948+00'),
	('fan1', 'p88', 'view', '2026-11-29 22:55:58.976948+00'),
	('fan1', 'p01', 'like', '2026-11-29 22:55:53.995045+00'),
	('fan1', 'p18', 'like', '2026-11-29 22:55:54.995045+00'),
	('fan1', 'p35', 'like', '2026-11-29 22:55:55.995045+00'),
	('fan1', 'p52', 'like', '2026-11-29 22:55:56.995045+00'),
	('fan1', 'p69', 'like', '2026-11-29 22:55:57.995045+00'),
	('fan1', 'p86', 'like', '2026-11-29 22:55:58.995045+00'),
	('fan2', 'p05', 'view', '2026-11-29 22:55:50.012575+00'),
	('fan2', 'p14', 'view', '2026-11-29 22:55:51.012575+00'),
	('fan2', 'p23', 'view', '2026-11-29 22:55:52.012575+00'),
	('fan2', 'p32', 'view', '2026-11-29 22:55:53.012575+00'),
	('fan2', 'p41', 'view', '2026-11-29 22:55:54.012575+00'),
	('fan2', 'p50', 'view', '2026-11-29 22:55:55.012575+00'),
	('fan2', 'p59', 'view', '2026-11-29 22:55:56.012575+00'),
	('fan2', 'p68', 'view', '2026-11-29 22:55:57.012575+00'),
	('fan2', 'p77', 'view', '2026-11-29 22:55:58.012575+00'),
	('fan2', 'p86', 'view', '2026-11-29 22:55:59.012575+00'),
	('fan2', 'p02', 'like', '2026-11-29 22:55:54.021017+00'),
	('fan2', 'p19', 'like', '2026-11-29 22:55:55.021017+00'),
	('fan2', 'p36', 'like', '2026-11-29 22:55:56.021017+00'),
	('fan2', 'p53', 'like', '2026-11-29 22:55:57.021017+00'),
	('fan2', 'p70', 'like', '2026-11-29 22:55:58.021017+00'),
	('fan2', 'p87', 'like', '2026-11-29 22:55:59.021017+00'),
	('fan3', 'p03', 'view', '2026-11-29 22:55:50.044215+00'),
	('fan3', 'p12', 'view', '2026-11-29 22:55:51.044215+00');
INSERT INTO team.their_interactions VALUES
	('fan3', 'p21', 'view', '2026-11-29 22:55:52.044215+00'),
	('fan3', 'p30', 'view', '2026-11-29 22:55:53.044215+00'),
	('fan3', 'p39', 'view', '2026-11-29 22:55:54.044215+00'),
	('fan3', 'p48', 'view', '2026-11-29 22:55:55.044215+00'),
	('fan3', 'p57', 'view', '2026-11-29 22:55:56.044215+00'),
	('fan3', 'p66', 'view', '2026-11-29 22:55:57.044215+00'),
	('fan3', 'p75', 'view', '2026-11-29 22:55:58.044215+00'),
	('fan3', 'p84', 'view', '2026-11-29 22:55:59.044215+00'),
	('fan3', 'p03', 'like', '2026-11-29 22:55:54.10425+00'),
	('fan3', 'p20', 'like', '2026-11-29 22:55:55.10425+00'),
	('fan3', 'p37', 'like', '2026-11-29 22:55:56.10425+00'),
	('fan3', 'p54', 'like', '2026-11-29 22:55:57.10425+00'),
	('fan3', 'p71', 'like', '2026-11-29 22:55:58.10425+00'),
	('fan3', 'p88', 'like', '2026-11-29 22:55:59.10425+00'),
	('fan4', 'p01', 'view', '2026-11-29 22:55:50.125658+00'),
	('fan4', 'p10', 'view', '2026-11-29 22:55:51.125658+00'),
	('fan4', 'p19', 'view', '2026-11-29 22:55:52.125658+00'),
	('fan4', 'p28', 'view', '2026-11-29 22:55:53.125658+00'),
	('fan4', 'p37', 'view', '2026-11-29 22:55:54.125658+00'),
	('fan4', 'p46', 'view', '2026-11-29 22:55:55.125658+00'),
	('fan4', 'p55', 'view', '2026-11-29 22:55:56.125658+00'),
	('fan4', 'p64', 'view', '2026-11-29 22:55:57.125658+00'),
	('fan4', 'p73', 'view', '2026-11-29 22:55:58.125658+00'),
	('fan4', 'p82', 'view', '2026-11-29 22:55:59.125658+00'),
	('fan4', 'p04', 'like', '2026-11-29 22:55:54.134933+00'),
	('fan4', 'p21', 'like', '2026-11-29 22:55:55.134933+00'),
	('fan4', 'p38', 'like', '2026-11-29 22:55:56.134933+00'),
	('fan4', 'p55', 'like', '2026-11-29 22:55:57.134933+00'),
	('fan4', 'p72', 'like', '2026-11-29 22:55:58.134933+00'),
	('fan4', 'p89', 'like', '2026-11-29 22:55:59.134933+00'),
	('fan5', 'p08', 'view', '2026-11-29 22:55:50.150803+00'),
	('fan5', 'p17', 'view', '2026-11-29 22:55:51.150803+00'),
	('fan5', 'p26', 'view', '2026-11-29 22:55:52.150803+00'),
	('fan5', 'p35', 'view', '2026-11-29 22:55:53.150803+00'),
	('fan5', 'p44', 'view', '2026-11-29 22:55:54.150803+00'),
	('fan5', 'p53', 'view', '2026-11-29 22:55:55.150803+00'),
	('fan5', 'p62', 'view', '2026-11-29 22:55:56.150803+00'),
	('fan5', 'p71', 'view', '2026-11-29 22:55:57.150803+00'),
	('fan5', 'p80', 'view', '2026-11-29 22:55:58.150803+00'),
	('fan5', 'p89', 'view', '2026-11-29 22:55:59.150803+00'),
	('fan5', 'p05', 'like', '2026-11-29 22:55:55.169935+00'),
	('fan5', 'p22', 'like', '2026-11-29 22:55:56.169935+00'),
	('fan5', 'p39', 'like', '2026-11-29 22:55:57.169935+00'),
	('fan5', 'p56', 'like', '2026-11-29 22:55:58.169935+00'),
	('fan5', 'p73', 'like', '2026-11-29 22:55:59.169935+00'),
	('fan6', 'p06', 'view', '2026-11-29 22:55:50.185114+00'),
	('fan6', 'p15', 'view', '2026-11-29 22:55:51.185114+00'),
	('fan6', 'p24', 'view', '2026-11-29 22:55:52.185114+00'),
	('fan6', 'p33', 'view', '2026-11-29 22:55:53.185114+00'),
	('fan6', 'p42', 'view', '2026-11-29 22:55:54.185114+00');
INSERT INTO team.their_interactions VALUES
	('fan6', 'p51', 'view', '2026-11-29 22:55:55.185114+00'),
	('fan6', 'p60', 'view', '2026-11-29 22:55:56.185114+00'),
	('fan6', 'p69', 'view', '2026-11-29 22:55:57.185114+00'),
	('fan6', 'p78', 'view', '2026-11-29 22:55:58.185114+00'),
	('fan6', 'p87', 'view', '2026-11-29 22:55:59.185114+00'),
	('fan6', 'p06', 'like', '2026-11-29 22:55:55.194888+00'),
	('fan6', 'p23', 'like', '2026-11-29 22:55:56.194888+00'),
	('fan6', 'p40', 'like', '2026-11-29 22:55:57.194888+00'),
	('fan6', 'p57', 'like', '2026-11-29 22:55:58.194888+00'),
	('fan6', 'p74', 'like', '2026-11-29 22:55:59.194888+00'),
	('fan7', 'p04', 'view', '2026-11-29 22:55:50.207868+00'),
	('fan7', 'p13', 'view', '2026-11-29 22:55:51.207868+00'),
	('fan7', 'p22', 'view', '2026-11-29 22:55:52.207868+00'),
	('fan7', 'p31', 'view', '2026-11-29 22:55:53.207868+00'),
	('fan7', 'p40', 'view', '2026-11-29 22:55:54.207868+00'),
	('fan7', 'p49', 'view', '2026-11-29 22:55:55.207868+00'),
	('fan7', 'p58', 'view', '2026-11-29 22:55:56.207868+00'),
	('fan7', 'p67', 'view', '2026-11-29 22:55:57.207868+00'),
	('fan7', 'p76', 'view', '2026-11-29 22:55:58.207868+00'),
	('fan7', 'p85', 'view', '2026-11-29 22:55:59.207868+00'),
	('fan7', 'p07', 'like', '2026-11-29 22:55:55.222956+00'),
	('fan7', 'p24', 'like', '2026-11-29 22:55:56.222956+00'),
	('fan7', 'p41', 'like', '2026-11-29 22:55:57.222956+00'),
	('fan7', 'p58', 'like', '2026-11-29 22:55:58.222956+00'),
	('fan7', 'p75', 'like', '2026-11-29 22:55:59.222956+00'),
	('fan8', 'p02', 'view', '2026-11-29 22:55:50.235363+00'),
	('fan8', 'p11', 'view', '2026-11-29 22:55:51.235363+00'),
	('fan8', 'p20', 'view', '2026-11-29 22:55:52.235363+00'),
	('fan8', 'p29', 'view', '2026-11-29 22:55:53.235363+00'),
	('fan8', 'p38', 'view', '2026-11-29 22:55:54.235363+00'),
	('fan8', 'p47', 'view', '2026-11-29 22:55:55.235363+00'),
	('fan8', 'p56', 'view', '2026-11-29 22:55:56.235363+00'),
	('fan8', 'p65', 'view', '2026-11-29 22:55:57.235363+00'),
	('fan8', 'p74', 'view', '2026-11-29 22:55:58.235363+00'),
	('fan8', 'p83', 'view', '2026-11-29 22:55:59.235363+00'),
	('fan8', 'p08', 'like', '2026-11-29 22:55:55.251452+00'),
	('fan8', 'p25', 'like', '2026-11-29 22:55:56.251452+00'),
	('fan8', 'p42', 'like', '2026-11-29 22:55:57.251452+00'),
	('fan8', 'p59', 'like', '2026-11-29 22:55:58.251452+00'),
	('fan8', 'p76', 'like', '2026-11-29 22:55:59.251452+00'),
	('fan9', 'p00', 'view', '2026-11-29 22:55:50.287252+00'),
	('fan9', 'p09', 'view', '2026-11-29 22:55:51.287252+00'),
	('fan9', 'p18', 'view', '2026-11-29 22:55:52.287252+00'),
	('fan9', 'p27', 'view', '2026-11-29 22:55:53.287252+00'),
	('fan9', 'p36', 'view', '2026-11-29 22:55:54.287252+00'),
	('fan9', 'p45', 'view', '2026-11-29 22:55:55.287252+00'),
	('fan9', 'p54', 'view', '2026-11-29 22:55:56.287252+00'),
	('fan9', 'p63', 'view', '2026-11-29 22:55:57.287252+00'),
	('fan9', 'p72', 'view', '2026-11-29 22:55:58.287252+00'),
	('fan9', 'p81', 'view', '2026-11-29 22:55:59.287252+00');
INSERT INTO team.their_interactions VALUES
	('fan9', 'p09', 'like', '2026-11-29 22:55:55.307301+00'),
	('fan9', 'p26', 'like', '2026-11-29 22:55:56.307301+00'),
	('fan9', 'p43', 'like', '2026-11-29 22:55:57.307301+00'),
	('fan9', 'p60', 'like', '2026-11-29 22:55:58.307301+00'),
	('fan9', 'p77', 'like', '2026-11-29 22:55:59.307301+00'),
	('fan10', 'p07', 'view', '2026-11-29 22:55:50.312581+00'),
	('fan10', 'p16', 'view', '2026-11-29 22:55:51.312581+00'),
	('fan10', 'p25', 'view', '2026-11-29 22:55:52.312581+00'),
	('fan10', 'p34', 'view', '2026-11-29 22:55:53.312581+00'),
	('fan10', 'p43', 'view', '2026-11-29 22:55:54.312581+00'),
	('fan10', 'p52', 'view', '2026-11-29 22:55:55.312581+00'),
	('fan10', 'p61', 'view', '2026-11-29 22:55:56.312581+00'),
	('fan10', 'p70', 'view', '2026-11-29 22:55:57.312581+00'),
	('fan10', 'p79', 'view', '2026-11-29 22:55:58.312581+00'),
	('fan10', 'p88', 'view', '2026-11-29 22:55:59.312581+00'),
	('fan10', 'p10', 'like', '2026-11-29 22:55:55.321208+00'),
	('fan10', 'p27', 'like', '2026-11-29 22:55:56.321208+00'),
	('fan10', 'p44', 'like', '2026-11-29 22:55:57.321208+00'),
	('fan10', 'p61', 'like', '2026-11-29 22:55:58.321208+00'),
	('fan10', 'p78', 'like', '2026-11-29 22:55:59.321208+00'),
	('fan11', 'p05', 'view', '2026-11-29 22:55:50.328763+00'),
	('fan11', 'p14', 'view', '2026-11-29 22:55:51.328763+00'),
	('fan11', 'p23', 'view', '2026-11-29 22:55:52.328763+00'),
	('fan11', 'p32', 'view', '2026-11-29 22:55:53.328763+00'),
	('fan11', 'p41', 'view', '2026-11-29 22:55:54.328763+00'),
	('fan11', 'p50', 'view', '2026-11-29 22:55:55.328763+00'),
	('fan11', 'p59', 'view', '2026-11-29 22:55:56.328763+00'),
	('fan11', 'p68', 'view', '2026-11-29 22:55:57.328763+00'),
	('fan11', 'p77', 'view', '2026-11-29 22:55:58.328763+00'),
	('fan11', 'p86', 'view', '2026-11-29 22:55:59.328763+00'),
	('fan11', 'p11', 'like', '2026-11-29 22:55:55.338656+00'),
	('fan11', 'p28', 'like', '2026-11-29 22:55:56.338656+00'),
	('fan11', 'p45', 'like', '2026-11-29 22:55:57.338656+00'),
	('fan11', 'p62', 'like', '2026-11-29 22:55:58.338656+00'),
	('fan11', 'p79', 'like', '2026-11-29 22:55:59.338656+00'),
	('ann', 'p80', 'view', '2026-11-29 22:55:55.349083+00'),
	('ann', 'p81', 'view', '2026-11-29 22:55:56.349083+00'),
	('ann', 'p82', 'view', '2026-11-29 22:55:57.349083+00'),
	('ann', 'p83', 'view', '2026-11-29 22:55:58.349083+00'),
	('ann', 'p84', 'view', '2026-11-29 22:55:59.349083+00'),
	('erase-me', 'p40', 'view', '2026-11-29 22:55:58.379405+00'),
	('erase-me', 'p41', 'view', '2026-11-29 22:55:59.379405+00'),
	('erase-me-too', 'p40', 'view', '2026-11-29 22:55:58.444522+00'),
	('erase-me-too', 'p41', 'view', '2026-11-29 22:55:59.444522+00');
INSERT INTO team.their_posts VALUES
	('p00', 'author0', 'caption of p00', NULL, '2026-11-29 22:55:59.88255+00', NULL),
	('p01', 'author1', 'caption of p01', NULL, '2026-11-29 22:25:59.88255+00', NULL),
	('p02', 'author2', 'caption of p02', NULL, '2026-11-29 21:55:59.88255+00', NULL),
	('p03', 'author3', 'caption of p03', NULL, '2026-11-29 21:25:59.88255+00', NULL),
	('p04', 'author4', 'caption of p04', NULL, '2026-11-29 20:55:59.88255+00', NULL),
	('p05', 'author5', 'caption of p05', NULL, '2026-11-29 20:25:59.88255+00', NULL),
	('p06', 'author6', 'caption of p06', NULL, '2026-11-29 19:55:59.88255+00', NULL),
	('p07', 'author7', 'caption of p07', NULL, '2026-11-29 19:25:59.88255+00', NULL),
	('p08', 'author8', 'caption of p08', NULL, '2026-11-29 18:55:59.88255+00', NULL),
	('p09', 'author9', 'caption of p09', NULL, '2026-11-29 18:25:59.88255+00', NULL),
	('p10', 'author0', 'caption of p10', NULL, '2026-11-29 17:55:59.88255+00', NULL),
	('p11', 'author1', 'caption of p11', NULL, '2026-11-29 17:25:59.88255+00', NULL),
	('p12', 'author2', 'caption of p12', NULL, '2026-11-29 16:55:59.88255+00', NULL),
	('p13', 'author3', 'caption of p13', NULL, '2026-11-29 16:25:59.88255+00', NULL),
	('p14', 'author4', 'caption of p14', NULL, '2026-11-29 15:55:59.88255+00', NULL),
	('p15', 'author5', 'caption of p15', NULL, '2026-11-29 15:25:59.88255+00', NULL),
	('p16', 'author6', 'caption of p16', NULL, '2026-11-29 14:55:59.88255+00', NULL),
	('p17', 'author7', 'caption of p17', NULL, '2026-11-29 14:25:59.88255+00', NULL),
	('p18', 'author8', 'caption of p18', NULL, '2026-11-29 13:55:59.88255+00', NULL),
	('p19', 'author9', 'caption of p19', NULL, '2026-11-29 13:25:59.88255+00', NULL),
	('p20', 'author0', 'caption of p20', NULL, '2026-11-29 12:55:59.88255+00', NULL),
	('p21', 'author1', 'caption of p21', NULL, '2026-11-29 12:25:59.88255+00', NULL),
	('p22', 'author2', 'caption of p22', NULL, '2026-11-29 11:55:59.88255+00', NULL),
	('p23', 'author3', 'caption of p23', NULL, '2026-11-29 11:25:59.88255+00', NULL),
	('p24', 'author4', 'caption of p24', NULL, '2026-11-29 10:55:59.88255+00', NULL),
	('p25', 'author5', 'caption of p25', NULL, '2026-11-29 10:25:59.88255+00', NULL),
	('p26', 'author6', 'caption of p26', NULL, '2026-11-29 09:55:59.88255+00', NULL),
	('p27', 'author7', 'caption of p27', NULL, '2026-11-29 09:25:59.88255+00', NULL),
	('p28', 'author8', 'caption of p28', NULL, '2026-11-29 08:55:59.88255+00', NULL),
	('p29', 'author9', 'caption of p29', NULL, '2026-11-29 08:25:59.88255+00', NULL),
	('p30', 'author0', 'caption of p30', NULL, '2026-11-29 07:55:59.88255+00', NULL),
	('p31', 'author1', 'caption of p31', NULL, '2026-11-29 07:25:59.88255+00', NULL),
	('p32', 'author2', 'caption of p32', NULL, '2026-11-29 06:55:59.88255+00', NULL),
	('p33', 'author3', 'caption of p33', NULL, '2026-11-29 06:25:59.88255+00', NULL),
	('p34', 'author4', 'caption of p34', NULL, '2026-11-29 05:55:59.88255+00', NULL),
	('p35', 'author5', 'caption of p35', NULL, '2026-11-29 05:25:59.88255+00', NULL),
	('p36', 'author6', 'caption of p36', NULL, '2026-11-29 04:55:59.88255+00', NULL),
	('p37', 'author7', 'caption of p37', NULL, '2026-11-29 04:25:59.88255+00', NULL),
	('p38', 'author8', 'caption of p38', NULL, '2026-11-29 03:55:59.88255+00', NULL),
	('p39', 'author9', 'caption of p39', NULL, '2026-11-29 03:25:59.88255+00', NULL),
	('p40', 'author0', 'caption of p40', NULL, '2026-11-29 02:55:59.88255+00', NULL),
	('p41', 'author1', 'caption of p41', NULL, '2026-11-29 02:25:59.88255+00', NULL),
	('p42', 'author2', 'caption of p42', NULL, '2026-11-29 01:55:59.88255+00', NULL),
	('p43', 'author3', 'caption of p43', NULL, '2026-11-29 01:25:59.88255+00', NULL),
	('p44', 'author4', 'caption of p44', NULL, '2026-11-29 00:55:59.88255+00', NULL),
	('p45', 'author5', 'caption of p45', NULL, '2026-11-29 00:25:59.88255+00', NULL),
	('p46', 'author6', 'caption of p46', NULL, '2026-11-28 23:55:59.88255+00', NULL),
	('p47', 'author7', 'caption of p47', NULL, '2026-11-28 23:25:59.88255+00', NULL),
	('p48', 'author8', 'caption of p48', NULL, '2026-11-28 22:55:59.88255+00', NULL),
	('p49', 'author9', 'caption of p49', NULL, '2026-11-28 22:25:59.88255+00', NULL);
INSERT INTO team.their_posts VALUES
	('p50', 'author0', 'caption of p50', NULL, '2026-11-28 21:55:59.88255+00', NULL),
	('p51', 'author1', 'caption of p51', NULL, '2026-11-28 21:25:59.88255+00', NULL),
	('p52', 'author2', 'caption of p52', NULL, '2026-11-28 20:55:59.88255+00', NULL),
	('p53', 'author3', 'caption of p53', NULL, '2026-11-28 20:25:59.88255+00', NULL),
	('p54', 'author4', 'caption of p54', NULL, '2026-11-28 19:55:59.88255+00', NULL),
	('p55', 'author5', 'caption of p55', NULL, '2026-11-28 19:25:59.88255+00', NULL),
	('p56', 'author6', 'caption of p56', NULL, '2026-11-28 18:55:59.88255+00', NULL),
	('p57', 'author7', 'caption of p57', NULL, '2026-11-28 18:25:59.88255+00', NULL),
	('p58', 'author8', 'caption of p58', NULL, '2026-11-28 17:55:59.88255+00', NULL),
	('p59', 'author9', 'caption of p59', NULL, '2026-11-28 17:25:59.88255+00', NULL),
	('p60', 'author0', 'caption of p60', NULL, '2026-11-28 16:55:59.88255+00', NULL),
	('p61', 'author1', 'caption of p61', NULL, '2026-11-28 16:25:59.88255+00', NULL),
	('p63', 'author3', 'caption of p63', NULL, '2026-11-28 15:25:59.88255+00', NULL),
	('p64', 'author4', 'caption of p64', NULL, '2026-11-28 14:55:59.88255+00', NULL),
	('p65', 'author5', 'caption of p65', NULL, '2026-11-28 14:25:59.88255+00', NULL),
	('p66', 'author6', 'caption of p66', NULL, '2026-11-28 13:55:59.88255+00', NULL),
	('p67', 'author7', 'caption of p67', NULL, '2026-11-28 13:25:59.88255+00', NULL),
	('p68', 'author8', 'caption of p68', NULL, '2026-11-28 12:55:59.88255+00', NULL),
	('p69', 'author9', 'caption of p69', NULL, '2026-11-28 12:25:59.88255+00', NULL),
	('p70', 'author0', 'caption of p70', NULL, '2026-11-28 11:55:59.88255+00', NULL),
	('p71', 'author1', 'caption of p71', NULL, '2026-11-28 11:25:59.88255+00', NULL),
	('p72', 'author2', 'caption of p72', NULL, '2026-11-28 10:55:59.88255+00', NULL),
	('p73', 'author3', 'caption of p73', NULL, '2026-11-28 10:25:59.88255+00', NULL),
	('p74', 'author4', 'caption of p74', NULL, '2026-11-28 09:55:59.88255+00', NULL),
	('p75', 'author5', 'caption of p75', NULL, '2026-11-28 09:25:59.88255+00', NULL),
	('p76', 'author6', 'caption of p76', NULL, '2026-11-28 08:55:59.88255+00', NULL),
	('p77', 'author7', 'caption of p77', NULL, '2026-11-28 08:25:59.88255+00', NULL),
	('p78', 'author8', 'caption of p78', NULL, '2026-11-28 07:55:59.88255+00', NULL),
	('p79', 'author9', 'caption of p79', NULL, '2026-11-28 07:25:59.88255+00', NULL),
	('p80', 'author0', 'caption of p80', NULL, '2026-11-28 06:55:59.88255+00', NULL),
	('p81', 'author1', 'caption of p81', NULL, '2026-11-28 06:25:59.88255+00', NULL),
	('p82', 'author2', 'caption of p82', NULL, '2026-11-28 05:55:59.88255+00', NULL),
	('p83', 'author3', 'caption of p83', NULL, '2026-11-28 05:25:59.88255+00', NULL),
	('p84', 'author4', 'caption of p84', NULL, '2026-11-28 04:55:59.88255+00', NULL),
	('p85', 'author5', 'caption of p85', NULL, '2026-11-28 04:25:59.88255+00', NULL),
	('p86', 'author6', 'caption of p86', NULL, '2026-11-28 03:55:59.88255+00', NULL),
	('p87', 'author7', 'caption of p87', NULL, '2026-11-28 03:25:59.88255+00', NULL),
	('p88', 'author8', 'caption of p88', NULL, '2026-11-28 02:55:59.88255+00', NULL),
	('p89', 'author9', 'caption of p89', NULL, '2026-11-28 02:25:59.88255+00', NULL),
	('post-of-erase-me', 'erase-me', '', NULL, '2026-11-29 22:56:00.367973+00', NULL),
	('post-of-erase-me-too', 'erase-me-too', '', NULL, '2026-11-29 22:56:00.429817+00', NULL),
	('p62', 'author2', 'caption of p62', NULL, '2026-11-28 15:55:59.88255+00', '2026-11-29 22:56:00.977148+00');
INSERT INTO team.their_users VALUES
	('author0', '2026-11-29 22:55:59.88255+00'),
	('author1', '2026-11-29 22:55:59.88255+00'),
	('author2', '2026-11-29 22:55:59.88255+00'),
	('author3', '2026-11-29 22:55:59.88255+00'),
	('author4', '2026-11-29 22:55:59.88255+00'),
	('author5', '2026-11-29 22:55:59.88255+00'),
	('author6', '2026-11-29 22:55:59.88255+00'),
	('author7', '2026-11-29 22:55:59.88255+00'),
	('author8', '2026-11-29 22:55:59.88255+00'),
	('author9', '2026-11-29 22:55:59.88255+00'),
	('ann', '2026-11-29 22:55:59.88255+00'),
	('cold', '2026-11-29 22:55:59.88255+00'),
	('fan0', '2026-11-29 22:55:59.88255+00'),
	('fan1', '2026-11-29 22:55:59.88255+00'),
	('fan2', '2026-11-29 22:55:59.88255+00'),
	('fan3', '2026-11-29 22:55:59.88255+00'),
	('fan4', '2026-11-29 22:55:59.88255+00'),
	('fan5', '2026-11-29 22:55:59.88255+00'),
	('fan6', '2026-11-29 22:55:59.88255+00'),
	('fan7', '2026-11-29 22:55:59.88255+00'),
	('fan8', '2026-11-29 22:55:59.88255+00'),
	('fan9', '2026-11-29 22:55:59.88255+00'),
	('fan10', '2026-11-29 22:55:59.88255+00'),
	('fan11', '2026-11-29 22:55:59.88255+00'),
	('erase-me', '2026-11-29 22:56:00.366178+00'),
	('erase-me-too', '2026-11-29 22:56:00.428836+00');
INSERT INTO warmline.alembic_version VALUES
	('0004');
INSERT INTO warmline.blocks VALUES
	('ann', 'author3', '2026-11-29 22:56:00.891862+00'),
	('author4', 'fan0', '2026-11-29 22:56:01.364715+00');
INSERT INTO warmline.erasures VALUES
	('erase-me-too', '{post-of-erase-me-too}', '{1}', '2026-11-29 22:56:01.454961+00');
INSERT INTO warmline.heartbeats VALUES
	('timeline', 'vm:29437', '2026-11-29 22:56:00.817092+00', '2026-11-29 22:56:00.817092+00');
INSERT INTO warmline.installation VALUES
	('8871e685-bacc-40d7-83cf-f112305ae19e', 'df840477-6024-4c51-9dc1-e2a0e614ad87', '2026-11-29 22:55:59.666596+00', '515e4cb5269c786efffdb353a102c1d479d36da0ac11adc6edabd585f611f745');
INSERT INTO warmline.interactions VALUES
	('ann', 'p50', 'hide', '2026-11-29 22:56:00.911569+00', NULL, NULL, NULL, NULL),
	('fan3', 'p69', 'hide', '2026-11-29 22:56:00.943812+00', NULL, NULL, NULL, NULL),
	('cold', 'p71', 'hide', '2026-11-29 22:56:01.372387+00', NULL, NULL, NULL, NULL);
INSERT INTO warmline.phase_changes OVERRIDING SYSTEM VALUE VALUES
	(1, 'neucf', 100, 'admin token', '2026-11-29 22:56:01.131322+00');
INSERT INTO warmline.post_rows OVERRIDING SYSTEM VALUE VALUES
	(3, 'p00', '2026-11-29', NULL),
	(4, 'p01', '2026-11-29', NULL),
	(5, 'p02', '2026-11-29', NULL),
	(6, 'p03', '2026-11-29', NULL),
	(7, 'p04', '2026-11-29', NULL),
	(8, 'p05', '2026-11-29', NULL),
	(9, 'p06', '2026-11-29', NULL),
	(10, 'p07', '2026-11-29', NULL),
	(11, 'p08', '2026-11-29', NULL),
	(12, 'p09', '2026-11-29', NULL),
	(13, 'p10', '2026-11-29', NULL),
	(14, 'p11', '2026-11-29', NULL),
	(15, 'p12', '2026-11-29', NULL),
	(16, 'p13', '2026-11-29', NULL),
	(17, 'p14', '2026-11-29', NULL),
	(18, 'p15', '2026-11-29', NULL),
	(19, 'p16', '2026-11-29', NULL),
	(20, 'p17', '2026-11-29', NULL),
	(21, 'p18', '2026-11-29', NULL),
	(22, 'p19', '2026-11-29', NULL),
	(23, 'p20', '2026-11-29', NULL),
	(24, 'p21', '2026-11-29', NULL),
	(25, 'p22', '2026-11-29', NULL),
	(26, 'p23', '2026-11-29', NULL),
	(27, 'p24', '2026-11-29', NULL),
	(28, 'p25', '2026-11-29', NULL),
	(29, 'p26', '2026-11-29', NULL),
	(30, 'p27', '2026-11-29', NULL),
	(31, 'p28', '2026-11-29', NULL),
	(32, 'p29', '2026-11-29', NULL),
	(33, 'p30', '2026-11-29', NULL),
	(34, 'p31', '2026-11-29', NULL),
	(35, 'p32', '2026-11-29', NULL),
	(36, 'p33', '2026-11-29', NULL),
	(37, 'p34', '2026-11-29', NULL),
	(38, 'p35', '2026-11-29', NULL),
	(39, 'p36', '2026-11-29', NULL),
	(40, 'p37', '2026-11-29', NULL),
	(41, 'p38', '2026-11-29', NULL),
	(42, 'p39', '2026-11-29', NULL),
	(43, 'p40', '2026-11-29', NULL),
	(44, 'p41', '2026-11-29', NULL),
	(45, 'p42', '2026-11-29', NULL),
	(46, 'p43', '2026-11-29', NULL),
	(47, 'p44', '2026-11-29', NULL),
	(48, 'p45', '2026-11-29', NULL),
	(49, 'p46', '2026-11-29', NULL),
	(50, 'p47', '2026-11-29', NULL),
	(51, 'p48', '2026-11-29', NULL),
	(52, 'p49', '2026-11-29', NULL);
INSERT INTO warmline.post_rows OVERRIDING SYSTEM VALUE VALUES
	(53, 'p50', '2026-11-29', NULL),
	(54, 'p51', '2026-11-29', NULL),
	(55, 'p52', '2026-11-29', NULL),
	(56, 'p53', '2026-11-29', NULL),
	(57, 'p54', '2026-11-29', NULL),
	(58, 'p55', '2026-11-29', NULL),
	(59, 'p56', '2026-11-29', NULL),
	(60, 'p57', '2026-11-29', NULL),
	(61, 'p58', '2026-11-29', NULL),
	(62, 'p59', '2026-11-29', NULL),
	(66, 'p63', '2026-11-29', NULL),
	(67, 'p64', '2026-11-29', NULL),
	(68, 'p65', '2026-11-29', NULL),
	(69, 'p66', '2026-11-29', NULL),
	(70, 'p67', '2026-11-29', NULL),
	(71, 'p68', '2026-11-29', NULL),
	(72, 'p69', '2026-11-29', NULL),
	(73, 'p70', '2026-11-29', NULL),
	(74, 'p71', '2026-11-29', NULL),
	(75, 'p72', '2026-11-29', NULL),
	(76, 'p73', '2026-11-29', NULL),
	(77, 'p74', '2026-11-29', NULL),
	(78, 'p75', '2026-11-29', NULL),
	(79, 'p76', '2026-11-29', NULL),
	(80, 'p77', '2026-11-29', NULL),
	(81, 'p78', '2026-11-29', NULL),
	(82, 'p79', '2026-11-29', NULL),
	(83, 'p80', '2026-11-29', NULL),
	(84, 'p81', '2026-11-29', NULL),
	(85, 'p82', '2026-11-29', NULL),
	(86, 'p83', '2026-11-29', NULL),
	(87, 'p84', '2026-11-29', NULL),
	(88, 'p85', '2026-11-29', NULL),
	(89, 'p86', '2026-11-29', NULL),
	(90, 'p87', '2026-11-29', NULL),
	(91, 'p88', '2026-11-29', NULL),
	(92, 'p89', '2026-11-29', NULL),
	(63, 'p60', '2026-11-29', '2026-11-29 22:56:00.872311+00'),
	(65, 'p62', '2026-11-29', '2026-11-29 22:56:01.061696+00'),
	(64, 'p61', '2026-11-29', '2026-11-29 22:56:01.361822+00'),
	(2, '2', '2026-11-29', '2026-11-29 22:56:01.417995+00'),
	(1, '1', '2026-11-29', '2026-11-29 22:56:01.454961+00');
INSERT INTO warmline.runs OVERRIDING SYSTEM VALUE VALUES
	(1, 'heuristic', 'done', 'test', '2026-11-29 22:56:00.666778+00', 'test', 1, '2026-11-29 22:56:00.672996+00', NULL, '2026-11-29 22:56:00.754993+00', '{"bytes": 4992, "lists": 26, "posts": 92, "users": 26, "events": 194, "stages": {"load": 0.055, "rank": 0.0, "publish": 0.015}, "amounts": {"days": 1.9, "posts": 92, "events": 194, "positives": 65, "warm_users": 12, "min_positives": 3}, "removed": 0, "seconds": 0.07, "vectors": {"image": 0, "caption": 0}}', NULL),
	(2, 'heuristic', 'done', 'test', '2026-11-29 22:56:01.00156+00', 'test', 2, '2026-11-29 22:56:01.009054+00', NULL, '2026-11-29 22:56:01.092+00', '{"bytes": 4992, "lists": 26, "posts": 90, "users": 26, "events": 196, "stages": {"load": 0.046, "rank": 0.0, "publish": 0.01}, "amounts": {"days": 1.9, "posts": 90, "events": 196, "positives": 65, "warm_users": 12, "min_positives": 3}, "removed": 2, "seconds": 0.056, "vectors": {"image": 0, "caption": 0}}', NULL),
	(3, 'score', 'running', 'test', '2026-11-29 22:56:01.443785+00', 'test', 3, '2026-11-29 22:56:01.44623+00', '2026-11-29 22:57:01.44623+00', NULL, NULL, NULL);
INSERT INTO warmline.tombstones VALUES
	('posts', '2026-11-29 22:56:00.872311+00', '\xfa034db491a89b30f069ee9fe18c262e8746a5cd0b990f884d1951ee0ccbc35d'),
	('posts', '2026-11-29 22:56:01.361822+00', '\xbcf410d960d79ed3418ba62d196f42332b2205d9cf03f74f4f367e121338fbe2'),
	('users', '2026-11-29 22:56:01.417995+00', '\x64606bc11494b55db333221217c1d5b6177695fb80037e253fcb00420093bb0c'),
	('posts', '2026-11-29 22:56:01.417995+00', '\xbaabea194feae25ad4522c9d99db9f70ba7e0c5c20e23b7b51ddc301adf15af4'),
	('users', '2026-11-29 22:56:01.454961+00', '\xae55df64813155ba41d284f6e75c11a4b7491930858b0485e3c065fee36b8a14'),
	('posts', '2026-11-29 22:56:01.454961+00', '\x51353938044ec08c51240473aac5d3f57bd3500e050c2c8e2b1162d738cbc898');
SELECT pg_catalog.setval('warmline.audit_id_seq', 1, false);
SELECT pg_catalog.setval('warmline.fences', 3, true);
SELECT pg_catalog.setval('warmline.model_versions_version_seq', 1, false);
SELECT pg_catalog.setval('warmline.phase_changes_version_seq', 1, true);
SELECT pg_catalog.setval('warmline.photo_clusters', 1, false);
SELECT pg_catalog.setval('warmline.post_rows_row_seq', 92, true);
SELECT pg_catalog.setval('warmline.runs_id_seq', 3, true);
SELECT pg_catalog.setval('warmline.viewer_versions', 9, true);
ALTER TABLE ONLY warmline.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY warmline.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY warmline.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (user_id, blocked_user_id);
ALTER TABLE ONLY warmline.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY warmline.feed_counts
    ADD CONSTRAINT feed_counts_pkey PRIMARY KEY (source, generation, kind);
ALTER TABLE ONLY warmline.heartbeats
    ADD CONSTRAINT heartbeats_pkey PRIMARY KEY (service, worker);
ALTER TABLE ONLY warmline.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY warmline.model_aliases
    ADD CONSTRAINT model_aliases_pkey PRIMARY KEY (alias);
ALTER TABLE ONLY warmline.model_versions
    ADD CONSTRAINT model_versions_folder_key UNIQUE (folder);
ALTER TABLE ONLY warmline.model_versions
    ADD CONSTRAINT model_versions_pkey PRIMARY KEY (version);
ALTER TABLE ONLY warmline.phase_changes
    ADD CONSTRAINT phase_changes_pkey PRIMARY KEY (version);
ALTER TABLE ONLY warmline.post_rows
    ADD CONSTRAINT post_rows_pkey PRIMARY KEY ("row");
ALTER TABLE ONLY warmline.post_rows
    ADD CONSTRAINT post_rows_post_id_key UNIQUE (post_id);
ALTER TABLE ONLY warmline.post_vectors
    ADD CONSTRAINT post_vectors_pkey PRIMARY KEY (post_id, part);
ALTER TABLE ONLY warmline.posts
    ADD CONSTRAINT posts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY warmline.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY warmline.tombstones
    ADD CONSTRAINT tombstones_pkey PRIMARY KEY (relation, digest);
ALTER TABLE ONLY warmline.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX blocks_blocked ON warmline.blocks USING btree (blocked_user_id);
CREATE INDEX interactions_created_at ON warmline.interactions USING btree (created_at);
CREATE UNIQUE INDEX interactions_event ON warmline.interactions USING btree (event_id) WHERE (event_id IS NOT NULL);
CREATE UNIQUE INDEX interactions_once ON warmline.interactions USING btree (user_id, post_id, kind) WHERE (event_id IS NULL);
CREATE INDEX interactions_post ON warmline.interactions USING btree (post_id);
CREATE INDEX interactions_user ON warmline.interactions USING btree (user_id, created_at);
CREATE INDEX post_rows_candidate ON warmline.post_rows USING btree (last_candidate_on);
CREATE INDEX post_rows_removed ON warmline.post_rows USING btree (removed_at) WHERE (removed_at IS NOT NULL);
CREATE INDEX post_vectors_cluster ON warmline.post_vectors USING btree (post_id, cluster) WHERE (cluster > 0);
CREATE INDEX post_vectors_encoder ON warmline.post_vectors USING btree (part, encoder);
CREATE INDEX posts_author ON warmline.posts USING btree (author_id);
CREATE INDEX posts_created_at ON warmline.posts USING btree (created_at);
CREATE INDEX runs_history ON warmline.runs USING btree (job, id DESC);
CREATE UNIQUE INDEX runs_one_request ON warmline.runs USING btree (job) WHERE (state = 'requested'::text);
CREATE UNIQUE INDEX runs_one_running ON warmline.runs USING btree (job) WHERE (state = 'running'::text);
CREATE INDEX users_created_at ON warmline.users USING btree (created_at);
ALTER TABLE ONLY warmline.model_aliases
    ADD CONSTRAINT model_aliases_version_fkey FOREIGN KEY (version) REFERENCES warmline.model_versions(version);
