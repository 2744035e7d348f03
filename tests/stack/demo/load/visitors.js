// Visitors that come at a bounded rate for ever. One that has not been served yet does not hold the next one back, up to 20 at once.
const target = process.env.TARGET;
const rate = Math.min(100, Math.max(1, Number(process.env.RATE) || 10));
let open = 0, served = 0, failed = 0, visit = 0;

const one = async () => {
    visit++;
    const path = visit % 10 === 0 ? '/api/best-sellers' : visit % 4 === 0 ? '/' : `/api/orders?customer=${1 + (visit * 7919) % 10000}`;
    open++;
    try {
        const reply = await fetch(target + path, { signal: AbortSignal.timeout(10000) });
        await reply.arrayBuffer();
        if (reply.ok) served++; else failed++;
    } catch {
        failed++;
    }
    open--;
};

const busy = () => new Date().getSeconds() % 30 < 3;
const tick = () => {
    if (open < 20) one();
    setTimeout(tick, 1000 / (busy() ? 3 * rate : rate));
};
tick();
setInterval(() => { console.log(`served ${served}, failed ${failed}`); served = failed = 0; }, 30000);
process.on('SIGTERM', () => process.exit(0));
