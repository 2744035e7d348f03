import { readFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import v8 from 'node:v8';
import pg from 'pg';
import { createClient } from 'redis';

const pool = new pg.Pool({ max: 8, password: readFileSync(process.env.PGPASSWORD_FILE, 'utf8').trim() });
pool.on('error', (error) => console.error('ledger:', error.message));
const queue = createClient({ socket: { host: process.env.REDIS_HOST, port: 6379 } });
queue.on('error', (error) => console.error('queue:', error.message));
await queue.connect();

const price = async (article) => {
    const reply = await fetch(`${process.env.PRICING_URL}/price?article=${article}`, { signal: AbortSignal.timeout(3000) });
    return (await reply.json()).price;
};

const routes = {
    'GET /alive': async () => ({ alive: (await pool.query('SELECT 1 AS ok')).rows[0].ok, by: os.hostname() }),
    'GET /article': async (query) => {
        const id = 1 + (Number(query.get('id')) || 0) % 5000;
        const { rows } = await pool.query('SELECT a.title, sum(e.amount) AS moved FROM articles a JOIN entries e ON e.article = a.id WHERE a.id = $1 GROUP BY a.title', [id]);
        return { ...rows[0], price: await price(id) };
    },
    'GET /heaviest': async () => (await pool.query(
        `SELECT a.title, a.weight * sum(e.amount) AS moved_weight FROM articles a JOIN entries e ON e.article = a.id
         WHERE e.kind <> 'lost' GROUP BY a.id ORDER BY moved_weight DESC, a.title LIMIT 25`)).rows,
    'POST /order': async (query) => ({ queued: await queue.lPush('orders', JSON.stringify({ article: 1 + (Number(query.get('article')) || 0) % 5000, amount: 1 })) }),
    'GET /heap': async () => ({ limit: v8.getHeapStatistics().heap_size_limit }),
    'GET /backlog': async () => ({ backlog: await queue.lLen('orders') }),
};

const server = http.createServer(async (request, reply) => {
    const url = new URL(request.url, 'http://shop');
    const route = routes[`${request.method} ${url.pathname}`];
    const send = (status, body) => reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (!route) return send(404, { error: 'unknown' });
    try {
        send(200, await route(url.searchParams));
    } catch (error) {
        send(503, { error: error.message });
    }
}).listen(Number(process.env.PORT));

process.on('SIGTERM', () => {
    server.close(async () => {
        await Promise.allSettled([pool.end(), queue.quit()]);
        process.exit(0);
    });
    server.closeIdleConnections();
});
