import express from 'express';
import { pool } from './db.js';

const app = express();
app.use(express.json());

const rows = (sql, params) => async (request, reply, next) => {
    try {
        reply.json((await pool.query(sql, params ? params(request) : [])).rows);
    } catch (error) {
        next(error);
    }
};

app.get('/health', (request, reply) => reply.json({ status: 'ok' }));

app.get('/api/customers/:id', rows(
    'SELECT c.*, count(o.id) AS orders FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.id = $1 GROUP BY c.id',
    (request) => [Number(request.params.id)]));

// Sorts all customers by name: no index helps.
app.get('/api/customers', rows(
    'SELECT id, name, country FROM customers ORDER BY name, id OFFSET $1 LIMIT 50',
    (request) => [Number(request.query.offset) || 0]));

// Joins and aggregates everything that was sold since a day; without one, ever.
app.get('/api/reports/revenue', rows(`
    SELECT p.category, c.country, sum(i.quantity * i.price) AS revenue, count(DISTINCT o.customer_id) AS customers
    FROM order_items i
    JOIN orders o ON o.id = i.order_id
    JOIN customers c ON c.id = o.customer_id
    JOIN products p ON p.id = i.product_id
    WHERE o.status = 'paid' AND o.placed_at >= $1
    GROUP BY p.category, c.country
    ORDER BY revenue DESC`, (request) => [String(request.query.since ?? '2000-01-01')]));

app.get('/api/reports/top-customers', rows(`
    SELECT c.name, sum(i.quantity * i.price) AS spent
    FROM customers c
    JOIN orders o ON o.customer_id = c.id
    JOIN order_items i ON i.order_id = o.id
    WHERE c.country = $1
    GROUP BY c.id, c.name
    ORDER BY spent DESC
    LIMIT 20`, (request) => [String(request.query.country ?? 'IT')]));

app.post('/api/orders', async (request, reply, next) => {
    const customer = Number(request.body.customer);
    const client = await pool.connect().catch(next);
    if (!client) return;
    try {
        await client.query('BEGIN');
        const order = (await client.query("INSERT INTO orders (customer_id, status) VALUES ($1, 'open') RETURNING id", [customer])).rows[0];
        await client.query('INSERT INTO order_items SELECT $1, id, 1, price FROM products WHERE id = 1 + $2 % 500', [order.id, customer]);
        await client.query('COMMIT');
        reply.status(201).json({ order: order.id });
    } catch (error) {
        await client.query('ROLLBACK').catch(() => {});
        next(error);
    } finally {
        client.release();
    }
});

app.listen(Number(process.env.PORT), () => console.log(`backend listens on ${process.env.PORT}`));
