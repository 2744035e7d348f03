// load.mjs SECONDS: bounded load. STACK_TOOL_INPUT holds lines `WEIGHT METHOD URL REGEX [BODY]` (no blanks in REGEX); an answer counts as ok
// when it is 2xx and its body matches, because some programs answer a failure with 200. STACK_TOOL_RATE is requests a second in all.
import http from 'node:http';

const seconds = Number(process.argv[2]);
const rate = Number(process.env.STACK_TOOL_RATE);
const connections = Number(process.env.STACK_TOOL_CONNECTIONS);
const kinds = process.env.STACK_TOOL_INPUT.split('\n').map((l) => l.trim()).filter(Boolean).map((line) => {
    const [, weight, method, url, pattern, body] = line.match(/^(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)$/);
    return { weight: Number(weight), method, url, pattern: new RegExp(pattern), body, ok: 0, failed: 0, times: [], why: '' };
});
const deck = kinds.flatMap((kind) => Array(kind.weight).fill(kind));
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });

const ask = (kind, url) => new Promise((done) => {
    const began = performance.now();
    const finish = (ok, why) => {
        kind.times.push(performance.now() - began);
        if (ok) kind.ok++; else { kind.failed++; kind.why = why; }
        done();
    };
    const request = http.request(url, { method: kind.method, agent, timeout: 15000,
        headers: kind.body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(kind.body) } : {} }, (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (part) => { text += part; });
        reply.on('end', () => finish(reply.statusCode < 300 && kind.pattern.test(text), `${reply.statusCode} ${text.slice(0, 80)}`));
        reply.on('error', (error) => finish(false, error.code));
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', (error) => finish(false, error.code ?? error.message));
    request.end(kind.body || undefined);
});

const began = performance.now();
let next = 0;
await Promise.all(Array.from({ length: connections }, async () => {
    for (;;) {
        const turn = next++;
        const due = began + (turn * 1000) / rate;
        if (due > began + seconds * 1000) return;
        const wait = due - performance.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        if (performance.now() > began + seconds * 1000) return;
        // A step without a common divisor with the deck visits every card, in an order that is the same in every run.
        const kind = deck[(turn * 7919) % deck.length];
        await ask(kind, kind.url.replaceAll('{n}', String((turn * 7919) % 10000 + 1)));
    }
}));
agent.destroy();
const spent = (performance.now() - began) / 1000;
const quantile = (times, q) => (times.length ? times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(q * times.length))] : NaN).toFixed(1);
const line = (name, list) => {
    const [ok, failed] = [list.reduce((n, k) => n + k.ok, 0), list.reduce((n, k) => n + k.failed, 0)];
    const times = list.flatMap((k) => k.times);
    console.log(`${name}: ok ${ok} failed ${failed} rate ${((ok + failed) / spent).toFixed(1)}/s p50 ${quantile(times, 0.5)} ms p99 ${quantile(times, 0.99)} ms`);
};
for (const kind of kinds) {
    line(`${kind.method} ${new URL(kind.url.replaceAll('{n}', '1')).pathname}`, [kind]);
    if (kind.failed) console.log(`    last failure: ${kind.why}`);
}
line('requests', kinds);
process.exit(kinds.some((kind) => kind.failed) ? 1 : 0);
