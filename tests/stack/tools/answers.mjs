// answers.mjs SECONDS: waits until every URL of STACK_TOOL_INPUT (lines `URL REGEX`) answers 2xx with a body that matches.
// A request has a minute: a report that is slow on a busy machine goes on in the database after we gave up, and the next one beside it.
const deadline = Date.now() + Number(process.argv[2]) * 1000;
let left = process.env.STACK_TOOL_INPUT.split('\n').map((l) => l.trim()).filter(Boolean).map((line) => {
    const [, url, pattern] = line.match(/^(\S+)\s+(.*)$/);
    return { url, pattern: new RegExp(pattern), last: 'not asked' };
});
while (left.length) {
    left = (await Promise.all(left.map(async (want) => {
        try {
            const reply = await fetch(want.url, { signal: AbortSignal.timeout(60_000) });
            const body = await reply.text();
            if (reply.ok && want.pattern.test(body)) return null;
            want.last = `${reply.status} ${body.slice(0, 120)}`;
        } catch (error) {
            want.last = error.cause?.code ?? error.name;
        }
        return want;
    }))).filter(Boolean);
    if (left.length && Date.now() > deadline) {
        for (const want of left) console.error(`no answer: ${want.url}: ${want.last}`);
        process.exit(1);
    }
    if (left.length) await new Promise((done) => setTimeout(done, 200));
}
