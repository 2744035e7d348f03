-- Business data of the development stack: enough that sorting, joining and aggregating cost something.
CREATE SCHEMA IF NOT EXISTS n8n;

CREATE TABLE customers (
    id         integer PRIMARY KEY,
    email      text NOT NULL UNIQUE,
    name       text NOT NULL,
    country    char(2) NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE products (
    id       integer PRIMARY KEY,
    name     text NOT NULL,
    category text NOT NULL,
    price    numeric(8, 2) NOT NULL
);

CREATE TABLE orders (
    id          bigserial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    status      text NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE order_items (
    order_id   bigint NOT NULL REFERENCES orders,
    product_id integer NOT NULL REFERENCES products,
    quantity   integer NOT NULL,
    price      numeric(8, 2) NOT NULL
);

-- filled by the n8n workflow "lead"
CREATE TABLE leads (
    id         bigserial PRIMARY KEY,
    number     integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
