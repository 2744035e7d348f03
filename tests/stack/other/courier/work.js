import { readFileSync } from 'node:fs';
import pg from 'pg';
import { commandOptions, createClient } from 'redis';

const pool = new pg.Pool({ max: 2, password: readFileSync(process.env.PGPASSWORD_FILE, 'utf8').trim() });
pool.on('error', (error) => console.error('ledger:', error.message));
const queue = createClient({ socket: { host: process.env.REDIS_HOST, port: 6379 } });
queue.on('error', (error) => console.error('queue:', error.message));
await queue.connect();

let stop = false;
process.on('SIGTERM', () => { stop = true; });
while (!stop) {
    const job = await queue.brPop(commandOptions({ isolated: true }), 'orders', 1).catch((error) => console.error('queue:', error.message));
    if (!job) continue;
    const { article, amount } = JSON.parse(job.element);
    await pool.query("INSERT INTO entries (article, kind, amount) VALUES ($1, 'out', $2)", [article, amount]);
}
await Promise.allSettled([pool.end(), queue.quit()]);
process.exit(0);
