CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO products SELECT n, 'Product ' || n FROM generate_series(1, 300) n;

CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer integer NOT NULL,
    product integer NOT NULL REFERENCES products,
    amount numeric(8, 2) NOT NULL,
    placed_at timestamptz NOT NULL
);
INSERT INTO orders (customer, product, amount, placed_at)
SELECT 1 + n % 10000, 1 + (n * 7919) % 300, 5 + (n % 400) / 4.0, timestamptz '2025-01-01' + n * interval '3 minutes'
FROM generate_series(1, 150000) n;
CREATE INDEX orders_customer ON orders (customer);
ANALYZE;
