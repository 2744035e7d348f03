// n8n-seed.mjs N8N ENTRY DATABASE USER PASSWORD HOST: two active webhook workflows, as somebody would have made them in the editor.
//   GET ENTRY/webhook/hello            runs JavaScript, answers {"hello": number}
//   GET ENTRY/webhook/lead?number=7    inserts a row with a stored credential, answers {"lead": id}
// The credential is encrypted with the instance's key: where that key is lost, /webhook/lead fails until this script has run again.
const [n8n, entry, database, user, password, host] = process.argv.slice(2);
const owner = { email: 'owner@example.test', firstName: 'Test', lastName: 'Owner', password: 'Test-Owner-2025' };

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ask = async (method, path, { body, headers } = {}) => {
    const reply = await fetch(n8n + path, { method, headers: { 'content-type': 'application/json', ...headers }, body: body && JSON.stringify(body) });
    const text = await reply.text();
    let json;
    try { json = JSON.parse(text); } catch { json = undefined; }
    return { status: reply.status, json, text, cookie: reply.headers.getSetCookie().map((c) => c.split(';')[0]).find((c) => c.startsWith('n8n-auth=')) };
};
const must = (step, answer, ...expected) => {
    if (!expected.includes(answer.status)) throw new Error(`${step}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
};

const answers = async (path, pattern) => {
    try {
        return pattern.test(await (await fetch(entry + path, { signal: AbortSignal.timeout(5000) })).text());
    } catch {
        return false;
    }
};
const bothAnswer = async () => await answers('/webhook/hello', /"hello":\d/) && await answers('/webhook/lead?number=0', /"lead":"?\d/);

const node = (name, type, typeVersion, x, parameters, more = {}) =>
    ({ id: crypto.randomUUID(), name, type: `n8n-nodes-base.${type}`, typeVersion, position: [x, 300], parameters, ...more });
const chain = (...names) => Object.fromEntries(names.slice(0, -1).map((name, i) => [name, { main: [[{ node: names[i + 1], type: 'main', index: 0 }]] }]));
const workflow = (path, last) => ({
    name: path,
    nodes: [node('Webhook', 'webhook', 2, 200, { path, httpMethod: 'GET', responseMode: 'lastNode', options: {} }, { webhookId: crypto.randomUUID() }), last],
    connections: chain('Webhook', last.name),
    settings: { executionOrder: 'v1' },
});

// A new database has no webhook yet; one that is known registers it some seconds after readiness.
const settings = await ask('GET', '/rest/settings').catch(() => undefined);
const fresh = settings?.json?.data?.userManagement?.showSetupOnFirstLoad;
for (let i = 0; i < (fresh ? 1 : 40); i++) {
    if (await bothAnswer()) process.exit(0);
    await sleep(400);
}

let answer;
for (let i = 0; i < 60; i++) { // right after readiness the routes are not all there
    answer = await ask('POST', '/rest/owner/setup', { body: owner }).catch((error) => ({ status: 0, text: String(error) }));
    if (answer.status === 200 || answer.status === 400) break;
    await sleep(500);
}
if (answer.status !== 200) {
    answer = must('login', await ask('POST', '/rest/login', { body: { emailOrLdapLoginId: owner.email, password: owner.password } }), 200);
}
const session = { headers: { cookie: answer.cookie } };
const scopes = ['workflow:create', 'workflow:read', 'workflow:list', 'workflow:delete', 'workflow:update', 'workflow:activate', 'workflow:deactivate',
    'credential:create', 'credential:delete'];
answer = must('API key', await ask('POST', '/rest/api-keys', { body: { label: `seed-${Date.now()}`, expiresAt: null, scopes }, ...session }), 200);
const key = { headers: { 'x-n8n-api-key': answer.json.data.rawApiKey } };

// What an earlier instance left cannot be used without its key.
for (const old of must('workflows', await ask('GET', '/api/v1/workflows', key), 200).json.data) {
    if (['hello', 'lead'].includes(old.name)) must('delete workflow', await ask('DELETE', `/api/v1/workflows/${old.id}`, key), 200);
}
for (const old of must('credentials', await ask('GET', '/rest/credentials', session), 200).json.data) {
    if (old.name === 'business data') must('delete credential', await ask('DELETE', `/rest/credentials/${old.id}`, session), 200);
}

const credential = must('credential', await ask('POST', '/api/v1/credentials', { ...key, body: {
    name: 'business data', type: 'postgres',
    data: { host, port: 5432, database, user, password, ssl: 'disable', maxConnections: 10, allowUnauthorizedCerts: false, sshTunnel: false },
} }), 200).json;

const hello = workflow('hello', node('Compute', 'code', 2, 450, {
    jsCode: 'let sum = 0;\nfor (let i = 0; i < 50000; i++) sum += i % 7;\nreturn [{ json: { hello: sum } }];' }));
const lead = workflow('lead', node('Insert', 'postgres', 2.5, 450, {
    operation: 'executeQuery', query: 'INSERT INTO leads (number) VALUES ($1) RETURNING id AS lead',
    options: { queryReplacement: '={{ $json.query.number }}' } }, { credentials: { postgres: { id: credential.id, name: 'business data' } } }));
for (const wanted of [hello, lead]) {
    const made = must('create', await ask('POST', '/api/v1/workflows', { ...key, body: wanted }), 200).json;
    must('activate', await ask('POST', `/api/v1/workflows/${made.id}/activate`, key), 200);
}

for (let i = 0; i < 50; i++) {
    if (await bothAnswer()) {
        console.log('n8n: owner, credential and the active workflows hello and lead are there');
        process.exit(0);
    }
    await sleep(400);
}
console.error(`n8n: the workflows are active but do not answer: ${await (await fetch(`${entry}/webhook/lead?number=0`)).text()}`);
process.exit(1);
