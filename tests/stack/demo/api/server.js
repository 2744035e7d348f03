import http from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// A connection that is lost while idle is replaced by the pool; without a listener it would end the process.
pool.on('error', (error) => console.error('database:', error.message));

const routes = {
    '/health': () => pool.query('SELECT 1 AS ok'),
    '/api/orders': (query) => pool.query(
        'SELECT id, product, amount, placed_at FROM orders WHERE customer = $1 ORDER BY placed_at DESC LIMIT 20', [Number(query.get('customer')) || 1]),
    '/api/best-sellers': () => pool.query(
        `SELECT p.name, count(*) AS sold, sum(o.amount) AS revenue
         FROM orders o JOIN products p ON p.id = o.product
         GROUP BY p.name ORDER BY revenue DESC LIMIT 10`),
};

const server = http.createServer(async (request, reply) => {
    const url = new URL(request.url, 'http://api');
    const route = routes[url.pathname];
    const send = (status, body) => {
        reply.writeHead(status, { 'content-type': 'application/json' });
        reply.end(JSON.stringify(body));
    };
    if (!route) return send(404, { error: 'no such route' });
    try {
        send(200, (await route(url.searchParams)).rows);
    } catch (error) {
        send(503, { error: error.message });
    }
});
server.listen(3000);

process.on('SIGTERM', () => {
    server.close(() => pool.end().then(() => process.exit(0)));
    server.closeIdleConnections();
});
