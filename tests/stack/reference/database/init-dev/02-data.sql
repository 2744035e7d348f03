INSERT INTO customers
SELECT n, 'customer' || n || '@example.test', 'Customer ' || md5(n::text), (ARRAY['IT', 'DE', 'FR', 'ES', 'AT'])[1 + n % 5],
       timestamptz '2024-01-01' + n * interval '20 minutes'
FROM generate_series(1, 20000) n;

INSERT INTO products
SELECT n, 'Product ' || n, (ARRAY['tools', 'books', 'garden', 'kitchen'])[1 + n % 4], 3 + (n % 97)
FROM generate_series(1, 500) n;

INSERT INTO orders (customer_id, status, placed_at)
SELECT 1 + (n::bigint * 7919) % 20000, (ARRAY['paid', 'paid', 'paid', 'open', 'void'])[1 + n % 5],
       timestamptz '2024-06-01' + n * interval '3 minutes'
FROM generate_series(1, 200000) n;

INSERT INTO order_items
SELECT 1 + n % 200000, 1 + (n::bigint * 104729) % 500, 1 + n % 4, 3 + (n % 97)
FROM generate_series(1, 400000) n;

CREATE INDEX order_items_order ON order_items (order_id);
CREATE INDEX orders_customer ON orders (customer_id);
ANALYZE;
