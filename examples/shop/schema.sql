-- The shop's tables and its goods. Safe to run again: a real server keeps what it has.
CREATE SCHEMA IF NOT EXISTS shop;

CREATE TABLE IF NOT EXISTS shop.products (
  id integer PRIMARY KEY,
  name text NOT NULL,
  description text NOT NULL,
  price_cents integer NOT NULL
);

CREATE TABLE IF NOT EXISTS shop.stock (
  product_id integer PRIMARY KEY REFERENCES shop.products (id),
  pieces integer NOT NULL
);

CREATE TABLE IF NOT EXISTS shop.orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id integer NOT NULL REFERENCES shop.products (id),
  amount_cents integer NOT NULL,
  charge_id text NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO shop.products (id, name, description, price_cents)
SELECT n, 'Product ' || n, 'A good thing, number ' || n || ', made to last', 500 + n * 37
FROM generate_series(1, 60) AS n
ON CONFLICT DO NOTHING;

INSERT INTO shop.stock (product_id, pieces)
SELECT n, 100 + n % 7 FROM generate_series(1, 60) AS n
ON CONFLICT DO NOTHING;
