CREATE TABLE articles (id integer PRIMARY KEY, title text NOT NULL, weight integer NOT NULL);
INSERT INTO articles SELECT n, 'Article ' || md5(n::text), 100 + n % 900 FROM generate_series(1, 5000) n;

CREATE TABLE entries (
    id bigserial PRIMARY KEY,
    article integer NOT NULL REFERENCES articles,
    kind text NOT NULL,
    amount integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO entries (article, kind, amount, at)
SELECT 1 + (n::bigint * 7919) % 5000, (ARRAY['in', 'out', 'lost', 'moved'])[1 + n % 4], 1 + n % 50, timestamptz '2025-01-01' + n * interval '1 minute'
FROM generate_series(1, 250000) n;
CREATE INDEX entries_article ON entries (article);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO shop;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop;
ANALYZE;
