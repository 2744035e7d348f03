// A server whose child has something confidential on its command line, and whose log has, too.
const { spawn } = require('node:child_process');
const { createServer } = require('node:http');
console.log('starting with {{container_log|all}}');
spawn('sh', ['-c', 'while :; do sleep 1; done', '{{argv_of_a_child|all}}'], { stdio: 'ignore', env: { ...process.env, ONLY_HERE: '{{environment_of_a_child}}' } });
createServer((_, answer) => answer.end('ok')).listen(3000);
